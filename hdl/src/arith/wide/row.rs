//! All columns, and q for each of them.

use super::column::{Column, Top};
use super::plan::{Plan, Reduction};
use super::reduction::{Negation, ProductDigit, ProductTop, Quotient, TableDigit};
use crate::leaf::{Any, Delay};
use rust_hdl::prelude::*;

/// The turns of all contexts. Ports as those of column 0.
#[derive(LogicBlock)]
pub struct Row {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// A digit of a.
    pub a: Signal<In, Bits<18>>,
    /// Its context.
    pub write_slot: Signal<In, Bits<4>>,
    /// Whether it is the first one.
    pub write: Signal<In, Bit>,
    /// Whose turn it is.
    pub slot: Signal<In, Bits<4>>,
    /// Its digit of b, clock 1.
    pub b: Signal<In, Bits<18>>,
    /// It is its first turn, clock 4.
    pub first: Signal<In, Bit>,
    /// Its last turn was the one before, clock 4.
    pub finish: Signal<In, Bit>,
    /// hi(U_j) of a result, j clocks after clock 6.
    pub high: Signal<Out, Bits<3>>,
    /// lo(U_j), with it.
    pub low: Signal<Out, Bits<18>>,
    columns: Vec<Column>,
    top: Top,
    quotients: Vec<Quotient>,
    negations: Vec<Negation>,
    found: Signal<Local, Bits<18>>,
    spares: Vec<Delay<18>>,
    q: Signal<Local, Bits<18>>,
    tables: Vec<TableDigit>,
    products: Vec<ProductDigit>,
    tops: Vec<ProductTop>,
    highs: Any<3>,
    lows: Any<18>,
    _n: usize,
    _above: usize,
    _last: usize,
    _quotients: usize,
    _negations: usize,
    _spares: usize,
    _by_tables: usize,
    _by_products: usize,
}

impl Row {
    /// Clocks from `finish` to `high` and `low` of digit 0.
    pub const LATENCY: usize = 2;

    /// The columns of a multiplier.
    pub fn new(plan: &Plan) -> Self {
        let n = plan.digits;
        let is_minus = usize::from(plan.neg_inverse() == super::plan::MASK);
        let is_spare = usize::from(plan.spare() > 0);
        let is_table = usize::from(plan.reduction == Reduction::Tables);
        let (tables, products) = [(0, n), (n + 1, 0)][is_table];
        Row {
            clock: Default::default(),
            a: Default::default(),
            write_slot: Default::default(),
            write: Default::default(),
            slot: Default::default(),
            b: Default::default(),
            first: Default::default(),
            finish: Default::default(),
            high: Default::default(),
            low: Default::default(),
            columns: (0..n).map(|_| Column::new(plan)).collect(),
            top: Top::new(plan),
            quotients: (is_minus..1).map(|_| Quotient::new(plan)).collect(),
            negations: (0..is_minus).map(|_| Negation::default()).collect(),
            found: Default::default(),
            spares: (0..is_spare).map(|_| Delay::new(plan.spare())).collect(),
            q: Default::default(),
            tables: (0..tables).map(|j| TableDigit::new(plan, j)).collect(),
            products: (0..products).map(|j| ProductDigit::new(plan, j)).collect(),
            tops: (is_table..1).map(|_| ProductTop::default()).collect(),
            highs: Any::new(n),
            lows: Any::new(n),
            _n: n,
            _above: n + 1,
            _last: n - 1,
            _quotients: 1 - is_minus,
            _negations: is_minus,
            _spares: is_spare,
            _by_tables: is_table,
            _by_products: 1 - is_table,
        }
    }
}

// Loops that run once or not at all choose between parts, since the kernel language has no choice at the time
// of making.
impl Logic for Row {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, top, highs, lows);
        for j in 0..self._n {
            self.columns[j].clock.next = self.clock.val();
            self.columns[j].a.next = self.a.val();
            self.columns[j].write_slot.next = self.write_slot.val();
            self.highs.words[j].next = self.columns[j].result.val().get_bits::<3>(18);
        }
        self.columns[0].write.next = self.write.val();
        self.columns[0].slot.next = self.slot.val();
        self.columns[0].b.next = self.b.val();
        self.columns[0].first.next = self.first.val();
        self.columns[0].finish.next = self.finish.val();
        self.columns[0].high.next = 0.into();
        for j in 0..self._last {
            self.columns[j + 1].write.next = self.columns[j].write_out.val();
            self.columns[j + 1].slot.next = self.columns[j].slot_out.val();
            self.columns[j + 1].b.next = self.columns[j].b_out.val();
            self.columns[j + 1].first.next = self.columns[j].first_out.val();
            self.columns[j + 1].finish.next = self.columns[j].finish_out.val();
            self.columns[j + 1].high.next = self.columns[j].high_out.val();
            self.columns[j].next_low.next = self.columns[j + 1].sum.val().get_bits::<18>(0);
            self.lows.words[j].next = self.columns[j + 1].result.val().get_bits::<18>(0);
        }
        for j in self._last..self._n {
            self.columns[j].next_low.next = self.top.sum.val().get_bits::<18>(0);
            self.lows.words[j].next = self.top.result.val().get_bits::<18>(0);
            self.top.finish.next = self.columns[j].finish_out.val();
            self.top.high.next = self.columns[j].high_out.val();
        }
        for i in 0..self._quotients {
            self.quotients[i].clock.next = self.clock.val();
            self.quotients[i].low.next = self.columns[0].low.val();
            self.found.next = self.quotients[i].q.val();
        }
        for i in 0..self._negations {
            self.negations[i].clock.next = self.clock.val();
            self.negations[i].low.next = self.columns[0].low.val();
            self.found.next = self.negations[i].q.val();
        }
        self.q.next = self.found.val();
        for i in 0..self._spares {
            self.spares[i].clock.next = self.clock.val();
            self.spares[i].d.next = self.found.val();
            self.q.next = self.spares[i].q.val();
        }
        for _i in 0..self._by_tables {
            self.tables[0].q.next = self.q.val();
            for j in 0..self._n {
                self.tables[j].clock.next = self.clock.val();
                self.columns[j].multiple.next = self.tables[j].multiple.val();
                self.tables[j + 1].q.next = self.tables[j].q_out.val();
            }
            for j in self._n..self._above {
                self.tables[j].clock.next = self.clock.val();
                self.top.multiple.next = self.tables[j].multiple.val();
            }
        }
        for _i in 0..self._by_products {
            self.products[0].q.next = self.q.val();
            self.products[0].high.next = 0.into();
            for j in 0..self._n {
                self.products[j].clock.next = self.clock.val();
                self.columns[j].multiple.next = self.products[j].multiple.val();
            }
            for j in 0..self._last {
                self.products[j + 1].q.next = self.products[j].q_out.val();
                self.products[j + 1].high.next = self.products[j].high_out.val();
            }
            self.tops[0].clock.next = self.clock.val();
            for j in self._last..self._n {
                self.tops[0].high.next = self.products[j].high_out.val();
            }
            self.top.multiple.next = self.tops[0].multiple.val();
        }
        self.high.next = self.highs.any.val();
        self.low.next = self.lows.any.val();
    }
}
