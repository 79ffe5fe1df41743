//! From addresses to banks.

use super::each;
use crate::leaf::Bank;
use rust_hdl::prelude::*;

/// Tells each port which bank holds its element, and each bank which port it serves.
///
/// Live ports must ask for elements of different banks, except for the two ports of one lane, of which
/// the odd one is heard. One clock from `address` to the outputs.
#[derive(LogicBlock)]
pub struct Router<const K: usize, const H: usize, const LB: usize, const BANKS: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Element of each port.
    pub address: [Signal<In, Bits<K>>; BANKS],
    /// Whether the port wants an element at all.
    pub live: [Signal<In, Bit>; BANKS],
    /// Whether it writes it back.
    pub writes: [Signal<In, Bit>; BANKS],
    /// Bank of each port.
    pub port_bank: [Signal<Out, Bits<LB>>; BANKS],
    /// Address within each bank.
    pub bank_address: [Signal<Out, Bits<H>>; BANKS],
    /// Port of each bank.
    pub bank_port: [Signal<Out, Bits<LB>>; BANKS],
    /// Whether the bank is written.
    pub bank_write: [Signal<Out, Bit>; BANKS],
    folds: [Bank<K, LB>; BANKS],
    ports: [DFF<Bits<LB>>; BANKS],
    addresses: [DFF<Bits<H>>; BANKS],
    serves: [DFF<Bits<LB>>; BANKS],
    written: [DFF<Bit>; BANKS],
    index: [Constant<Bits<LB>>; BANKS],
    bank_bits: Constant<Bits<K>>,
    inner: [Signal<Local, Bits<K>>; BANKS],
}

impl<const K: usize, const H: usize, const LB: usize, const BANKS: usize> Default
    for Router<K, H, LB, BANKS>
{
    fn default() -> Self {
        Router {
            clock: Default::default(),
            address: each(),
            live: each(),
            writes: each(),
            port_bank: each(),
            bank_address: each(),
            bank_port: each(),
            bank_write: each(),
            folds: each(),
            ports: each(),
            addresses: each(),
            serves: each(),
            written: each(),
            index: std::array::from_fn(|i| Constant::new((i as u64).into())),
            bank_bits: Constant::new((LB as u64).into()),
            inner: each(),
        }
    }
}

impl<const K: usize, const H: usize, const LB: usize, const BANKS: usize> Logic
    for Router<K, H, LB, BANKS>
{
    #[hdl_gen]
    fn update(&mut self) {
        for i in 0..BANKS {
            self.ports[i].clock.next = self.clock.val();
            self.addresses[i].clock.next = self.clock.val();
            self.serves[i].clock.next = self.clock.val();
            self.written[i].clock.next = self.clock.val();
            self.folds[i].address.next = self.address[i].val();
            self.ports[i].d.next = self.folds[i].bank.val();
            self.inner[i].next = self.address[i].val() >> self.bank_bits.val();
            self.port_bank[i].next = self.ports[i].q.val();
            self.bank_address[i].next = self.addresses[i].q.val();
            self.bank_port[i].next = self.serves[i].q.val();
            self.bank_write[i].next = self.written[i].q.val();
        }
        for i in 0..BANKS {
            self.addresses[i].d.next = self.inner[0].val().get_bits::<H>(0);
            self.serves[i].d.next = self.index[0].val();
            self.written[i].d.next = false;
            for v in 0..BANKS {
                if self.live[v].val() & (self.folds[v].bank.val() == self.index[i].val()) {
                    self.addresses[i].d.next = self.inner[v].val().get_bits::<H>(0);
                    self.serves[i].d.next = self.index[v].val();
                    self.written[i].d.next = self.writes[v].val();
                }
            }
        }
    }
}
