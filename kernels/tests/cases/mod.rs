//! What every machine must get right, judged by the definitions of host/field.

use proofmill_field::{
    CurveId, Direction, FieldId, FieldSpec, Form, Group, Int, Layout, Ntt, Order, Random, int,
    naive,
};
use proofmill_kernels::msm::{self, Failure, Points, Scalars, Sums};
use proofmill_kernels::{Arg, Machine, Program, Tables, ntt};
use std::fmt::Debug;

fn bytes_of(spec: &FieldSpec, values: &[Int]) -> Vec<u8> {
    let mut bytes = vec![0; values.len() * spec.bytes];
    for (value, to) in values.iter().zip(bytes.chunks_exact_mut(spec.bytes)) {
        spec.write(value, to);
    }
    bytes
}

fn values_of(spec: &FieldSpec, bytes: &[u8]) -> Vec<Int> {
    bytes
        .chunks_exact(spec.bytes)
        .map(|bytes| spec.read(bytes))
        .collect()
}

fn download<M: Machine<Error: Debug>>(machine: &mut M, from: &M::Buffer, bytes: usize) -> Vec<u8> {
    let mut out = vec![0; bytes];
    machine.read(from, 0, &mut out).unwrap();
    out
}

/// 0, 1, p − 1 and the like, and words of ones, as far as they are elements; then random ones.
fn elements(field: FieldId, count: usize, random: &mut Random) -> Vec<Int> {
    let spec = field.spec();
    let (p, one) = (spec.modulus, int::small(1));
    let mut edges = vec![
        int::ZERO,
        one,
        spec.one,
        int::sub(&p, &one).0,
        int::shr(&p, 1),
        spec.neg(&spec.one),
    ];
    for bit in 0..spec.bits {
        let power = (0..bit).fold(one, |x, _| int::add(&x, &x).0);
        edges.extend([power, int::sub(&power, &one).0, int::sub(&p, &power).0]);
    }
    edges.retain(|x| spec.is_canonical(x));
    // one in four an edge
    let mut next = |i: usize| match i % 4 {
        0 => edges[random.word() as usize % edges.len()],
        _ => random.element(field),
    };
    (0..count).map(&mut next).collect()
}

/// Products, sums and differences.
pub(crate) fn products<M: Machine<Error: Debug>>(machine: &mut M, field: FieldId, count: usize) {
    let (spec, program) = (field.spec(), Program::Field(field));
    let mut random = Random::seeded(1);
    let (x, y) = (
        elements(field, count, &mut random),
        elements(field, count, &mut random),
    );
    let [a, b] = [&x, &y].map(|values| machine.upload(&bytes_of(spec, values)).unwrap());
    let [sum, difference] = [(); 2].map(|()| machine.alloc(count * spec.bytes).unwrap());
    let groups = count.div_ceil(machine.properties().threads as usize);
    let n = Arg::Word(count as u32);
    let args = [
        Arg::Buffer(&sum),
        Arg::Buffer(&a),
        Arg::Buffer(&b),
        n,
        Arg::Word(1),
    ];
    machine.launch(program, "products", groups, &args).unwrap();
    let found = values_of(spec, &download(machine, &sum, count * spec.bytes));
    for i in 0..count {
        assert_eq!(
            found[i],
            spec.mul(&x[i], &y[i]),
            "{field}: {:x?} * {:x?}",
            x[i],
            y[i]
        );
    }
    let args = [&sum, &difference, &a, &b]
        .map(Arg::Buffer)
        .into_iter()
        .chain([Arg::Word(count as u32)]);
    machine
        .launch(
            program,
            "sums_and_differences",
            groups,
            &args.collect::<Vec<_>>(),
        )
        .unwrap();
    let sums = values_of(spec, &download(machine, &sum, count * spec.bytes));
    let differences = values_of(spec, &download(machine, &difference, count * spec.bytes));
    for i in 0..count {
        assert_eq!(
            sums[i],
            spec.add(&x[i], &y[i]),
            "{field}: {:x?} + {:x?}",
            x[i],
            y[i]
        );
        assert_eq!(
            differences[i],
            spec.sub(&x[i], &y[i]),
            "{field}: {:x?} - {:x?}",
            x[i],
            y[i]
        );
    }
}

/// A column with its elements in this order.
fn ordered(values: &[Int], order: Order) -> Vec<Int> {
    let log_n = values.len().ilog2();
    match order {
        Order::Natural => values.to_vec(),
        Order::BitReversed => (0..values.len())
            .map(|i| values[naive::bit_reverse(i, log_n)])
            .collect(),
    }
}

/// Columns as they lie in memory.
fn laid_out(columns: &[Vec<Int>], layout: Layout) -> Vec<Int> {
    match layout {
        Layout::Contiguous => columns.concat(),
        Layout::RowMajor => (0..columns[0].len())
            .flat_map(|i| columns.iter().map(move |c| c[i]))
            .collect(),
    }
}

/// One transform against the definition.
fn transform<M: Machine<Error: Debug>>(
    machine: &mut M,
    tables: &mut Tables<M::Buffer>,
    field: FieldId,
    ntt: &Ntt,
    random: &mut Random,
) {
    let spec = field.spec();
    let n = 1usize << ntt.log_n;
    let coefficients: Vec<Vec<Int>> = (0..ntt.columns)
        .map(|_| (0..n).map(|_| random.element(field)).collect())
        .collect();
    let root = |log| ntt.root_of_unity(field, log).unwrap();
    let values = |coefficients: &Vec<Int>, log: u32, shift: &Int| {
        naive::transform(spec, coefficients, &root(log), shift, 1 << log)
    };
    let shift = ntt.coset.unwrap_or(spec.one);
    let on_subgroup = |c: &Vec<Int>| values(c, ntt.log_n, &spec.one);
    let on_coset = |c: &Vec<Int>| values(c, ntt.log_n + ntt.added_bits, &shift);
    let map = |of: &dyn Fn(&Vec<Int>) -> Vec<Int>| coefficients.iter().map(of).collect::<Vec<_>>();
    let (input, output) = match (ntt.direction, ntt.added_bits) {
        (Direction::Forward, 0) => (coefficients.clone(), map(&on_coset)),
        (Direction::Forward, _) => (map(&on_subgroup), map(&on_coset)),
        (Direction::Inverse, _) => (map(&on_coset), coefficients.clone()),
    };
    let lie = |columns: &[Vec<Int>], order| {
        let columns: Vec<_> = columns.iter().map(|c| ordered(c, order)).collect();
        laid_out(&columns, ntt.layout)
    };
    let buffer = machine
        .upload(&bytes_of(spec, &lie(&input, ntt.input)))
        .unwrap();
    let out = ntt::run(machine, tables, field, buffer, ntt).unwrap();
    let expected = bytes_of(spec, &lie(&output, ntt.output));
    assert!(
        download(machine, &out, expected.len()) == expected,
        "{field}: {ntt:?}"
    );
}

/// Every field, order, layout, direction, with and without coset, extension and a foreign root.
pub(crate) fn transforms<M: Machine<Error: Debug>>(machine: &mut M, max_log: u32) {
    let mut random = Random::seeded(2);
    for field in FieldId::ALL {
        let spec = field.spec();
        if spec.two_adicity < 2 {
            continue;
        }
        let mut tables = Tables::default();
        for log_n in 0..=max_log {
            for input in [Order::Natural, Order::BitReversed] {
                for output in [Order::Natural, Order::BitReversed] {
                    for (direction, added_bits) in [
                        (Direction::Forward, 0),
                        (Direction::Inverse, 0),
                        (Direction::Forward, 1),
                    ] {
                        let columns = 1 + (random.word() % 5) as usize;
                        let ntt = Ntt {
                            input,
                            output,
                            added_bits,
                            columns,
                            layout: [Layout::Contiguous, Layout::RowMajor]
                                [random.word() as usize % 2],
                            coset: [None, Some(random.element(field))][random.word() as usize % 2],
                            root: [None, Some(spec.pow(&spec.root, &int::small(5)))]
                                [random.word() as usize % 2],
                            ..Ntt::new(log_n, direction)
                        };
                        transform(machine, &mut tables, field, &ntt, &mut random);
                    }
                }
            }
        }
    }
}

/// Points with known discrete logarithms, among them infinity, equal and opposite ones.
fn points(curve: CurveId, group: Group, count: usize, random: &mut Random) -> (Vec<u8>, Vec<Int>) {
    let naive = naive::NaiveGroup::new(curve.spec(), group);
    let scalar = curve.spec().scalar;
    let (mut bytes, mut logs) = (Vec::new(), Vec::<Int>::new());
    let mut one = vec![0; curve.spec().point_bytes(group)];
    for i in 0..count {
        let log = match i % 7 {
            3 => int::ZERO,
            4 if i > 4 => logs[i - 4],
            5 if i > 4 => scalar.neg(&logs[i - 4]),
            _ => random.element(scalar.id),
        };
        naive.write(
            &naive.scale(&naive.generator(), &scalar.from_data(&log)),
            &mut one,
        );
        bytes.extend_from_slice(&one);
        logs.push(log);
    }
    (bytes, logs)
}

/// Scalars of one kind, in data form.
fn scalars(kind: usize, field: FieldId, count: usize, random: &mut Random) -> Vec<Int> {
    let spec = field.spec();
    let fixed = random.element(field);
    let mut next = |i: usize| match kind {
        0 => random.element(field),
        1 => fixed,
        2 => spec.element(random.word() % 2),
        3 => int::ZERO,
        4 => spec.neg(&spec.one),
        5 => {
            if i.is_multiple_of(3) {
                random.element(field)
            } else {
                spec.one
            }
        }
        _ => spec.element(random.word()),
    };
    (0..count).map(&mut next).collect()
}

fn one_sum<M: Machine<Error: Debug>>(
    machine: &mut M,
    of: &Sums,
    (points, logs): &(Vec<u8>, Vec<Int>),
    scalars: &[Int],
) {
    let scalar = of.curve.spec().scalar;
    let naive = naive::NaiveGroup::new(of.curve.spec(), of.group);
    let mut expected = Vec::new();
    for run in scalars.chunks(of.points) {
        let log = run.iter().zip(logs).fold(int::ZERO, |sum, (k, log)| {
            scalar.add(&sum, &scalar.mul(k, log))
        });
        let mut one = vec![0; of.curve.spec().point_bytes(of.group)];
        naive.write(
            &naive.scale(&naive.generator(), &scalar.from_data(&log)),
            &mut one,
        );
        expected.extend_from_slice(&one);
    }
    let plain = |k: &Int| scalar.from_data(k);
    let bytes = match of.form {
        Form::Data(_) => bytes_of(scalar, scalars),
        Form::Integer(_) => bytes_of(scalar, &scalars.iter().map(plain).collect::<Vec<_>>()),
        Form::Small => scalars
            .iter()
            .flat_map(|k| plain(k)[0].to_le_bytes())
            .collect(),
    };
    // what lies before the first scalar is none, and not looked at
    let first = of.points % 3;
    let before = vec![0xff; first * of.form.bytes()];
    let buffer = &machine.upload(&[before, bytes].concat()).unwrap();
    let held = machine.upload(points).unwrap();
    for points in [Points::Held(&held), Points::Host(points)] {
        let found = msm::run(machine, of, points, Scalars { buffer, first }).unwrap();
        assert!(found == expected, "{of:?}");
    }
}

/// Every group of the curves, form and kind of scalars; sums of one point and of many, one and several at once.
pub(crate) fn sums<M: Machine<Error: Debug>>(machine: &mut M, curves: &[CurveId]) {
    let mut random = Random::seeded(3);
    let groups = curves.iter().flat_map(|curve| {
        let groups = curve.spec().groups().iter();
        groups.map(move |group| (*curve, *group))
    });
    for (curve, group) in groups {
        let field = curve.spec().scalar.id;
        let known = points(curve, group, 70, &mut random);
        for count in [1, 2, 7, 70] {
            for kind in 0..7 {
                let form = match kind {
                    6 => Form::Small,
                    _ => [Form::Data(field), Form::Integer(field)][random.word() as usize % 2],
                };
                let sums = 1 + (random.word() % 2) as usize;
                let of = Sums {
                    curve,
                    group,
                    form,
                    points: count,
                    sums,
                };
                let scalars = scalars(kind, field, count * sums, &mut random);
                one_sum(machine, &of, &known, &scalars);
            }
        }
        let mut unreduced = bytes_of(curve.spec().scalar, &[int::ZERO; 9]);
        let bytes = curve.spec().scalar.bytes;
        unreduced[5 * bytes..6 * bytes].fill(0xff);
        let of = Sums {
            curve,
            group,
            form: Form::Data(field),
            points: 9,
            sums: 1,
        };
        let buffer = &machine.upload(&unreduced).unwrap();
        let (points, scalars) = (Points::Host(&known.0), Scalars { buffer, first: 0 });
        let failure = msm::run(machine, &of, points, scalars);
        assert!(matches!(failure, Err(Failure::Unreduced(5))));
    }
}
