//! Transforms of up to sixteen rows in registers, with the field's own ω16; bit-reversed output.

use super::Lanes;

/// A transform of sixteen, element k from `load!(k)`, rows k and k + 1 of the output, which is
/// bit-reversed, to `put!(k, x)`. Four columns, then four rows, so that few values are alive.
macro_rules! network_16 {
    ($l:expr, $load:ident, $put:ident) => {{
        let mut x = [$load!(0); 16];
        network_16!(@column $l, $load, x, (0) 4 8 12);
        network_16!(@column $l, $load, x, 1 5 9 13);
        network_16!(@column $l, $load, x, 2 6 10 14);
        network_16!(@column $l, $load, x, 3 7 11 15);
        network_16!(@row $l, $put, x, 0 1 2 3, 0 0 4);
        network_16!(@row $l, $put, x, 4 5 6 7, 4 2 6);
        network_16!(@row $l, $put, x, 8 9 10 11, 2 1 5);
        network_16!(@row $l, $put, x, 12 13 14 15, 6 3 7);
    }};
    (@column $l:expr, $load:ident, $x:ident, $(($first:literal))? $($k:literal)*) => {
        $( $x[$k] = $load!($k); )*
        network_16!(@butterflies $l, $x, $($first)? $($k)*, 0 0 4);
    };
    (@row $l:expr, $put:ident, $x:ident, $a:literal $b:literal $c:literal $d:literal, $($e:literal)*) => {
        network_16!(@butterflies $l, $x, $a $b $c $d, $($e)*);
        $put!($a, [$x[$a], $x[$b]]);
        $put!($c, [$x[$c], $x[$d]]);
    };
    (@butterflies $l:expr, $x:ident, $a:literal $b:literal $c:literal $d:literal, $e:literal $f:literal $g:literal) => {
        ($x[$a], $x[$c]) = $l.butterfly::<$e>($x[$a], $x[$c]);
        ($x[$b], $x[$d]) = $l.butterfly::<$e>($x[$b], $x[$d]);
        ($x[$a], $x[$b]) = $l.butterfly::<$f>($x[$a], $x[$b]);
        ($x[$c], $x[$d]) = $l.butterfly::<$g>($x[$c], $x[$d]);
    };
}

/// A transform of R rows by one network.
macro_rules! network {
    ($r:expr, $l:expr, $load:ident, $put:ident) => {
        match $r {
            2 => {
                let x = network_2($l, [$load!(0), $load!(1)]);
                $put!(0, x);
            }
            4 => {
                let x = network_4($l, [$load!(0), $load!(1), $load!(2), $load!(3)]);
                $put!(0, [x[0], x[1]]);
                $put!(2, [x[2], x[3]]);
            }
            8 => {
                let [a, b, c, d] = [$load!(0), $load!(1), $load!(2), $load!(3)];
                let x = [a, b, c, d, $load!(4), $load!(5), $load!(6), $load!(7)];
                let x = network_8($l, x);
                $put!(0, [x[0], x[1]]);
                $put!(2, [x[2], x[3]]);
                $put!(4, [x[4], x[5]]);
                $put!(6, [x[6], x[7]]);
            }
            _ => network_16!($l, $load, $put),
        }
    };
}

macro_rules! small_network {
    ($name:ident, $r:literal, $($e:literal: $(($i:literal $j:literal))*;)*) => {
        /// A transform of the rows with the field's ω16, bit-reversed out.
        #[inline(always)]
        pub(super) fn $name<L: Lanes>(l: L, mut x: [L::State; $r]) -> [L::State; $r] {
            $($( (x[$i], x[$j]) = l.butterfly::<$e>(x[$i], x[$j]); )*)*
            x
        }
    };
}

small_network!(network_2, 2, 0: (0 1););
small_network!(network_4, 4, 0: (0 2) (1 3) (0 1); 4: (2 3););
small_network!(network_8, 8,
    0: (0 4) (1 5) (2 6) (3 7) (0 2) (1 3); 4: (4 6) (5 7);
    0: (0 1); 4: (2 3); 2: (4 5); 6: (6 7););
