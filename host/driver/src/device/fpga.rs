//! FPGA cards with NTT cores, reached over a serial port, a pseudo-terminal (a simulated card), or PCIe.
//!
//! `docs/wire.md` says what crosses. A card is this process' alone while it is open. One whose design is not known
//! is listed and not used: what it would compute is not known either.
//!
//! Read in this order: [`transport`], [`framed`] (over a stream of bytes), [`card`] (jobs that fit), [`split`] (jobs
//! that do not), [`order`] and [`chains`] (jobs as the pool asks for them).

mod card;
mod chains;
mod designs;
mod estimate;
mod framed;
mod lock;
mod order;
mod split;
mod transport;
#[cfg(unix)]
mod xdma;

use crate::device::{Backend, Config, Device, DeviceInfo, Estimator, Output};
use crate::error::DeviceError;
use crate::job::Chain;
use crate::random::System;
use card::{Card, Identity, identify};
use framed::Framed;
use std::path::Path;
use std::time::Duration;
use transport::Transport;

/// The cards that the configuration names, `fpga:0` and on.
pub(crate) struct FpgaBackend;

/// Bits a second of a serial port, where the card's name does not say.
const BAUD: u32 = 1_000_000;
/// How long a card may take to answer: the longest frame takes a tenth of a second at 115,200 baud.
const TIMEOUT: Duration = Duration::from_millis(500);
/// What the names of PCIe cards start with.
const XDMA: &str = "xdma:";

impl Backend for FpgaBackend {
    fn name(&self) -> &'static str {
        "fpga"
    }

    fn may_list(&self, id: &str) -> bool {
        id.starts_with("fpga:")
    }

    fn list(&self, config: &Config) -> Vec<DeviceInfo> {
        let cards = config.cards();
        let info = |(i, card): (usize, &String)| {
            let (name, unusable) = match look(card, config) {
                Ok(identity) => (describe(&identity, card), None),
                Err(e) => (format!("card at {card}"), Some(e.to_string())),
            };
            DeviceInfo {
                id: format!("fpga:{i}"),
                name,
                backend: self.name(),
                physical: physical(card),
                resident_bytes: Some(0),
                unusable,
            }
        };
        cards.iter().enumerate().map(info).collect()
    }

    fn open(&self, info: &DeviceInfo, config: &Config) -> Result<Box<dyn Device>, DeviceError> {
        let cards = config.cards();
        let place = info.id.strip_prefix("fpga:").and_then(|i| i.parse().ok());
        let card = place.and_then(|i: usize| cards.get(i));
        let card = card.ok_or_else(|| DeviceError::Lost("it is no longer listed".into()))?;
        let mut open = Card::open(connect(card)?)?;
        known(open.identity(), config)?;
        let rate = open.self_test()?;
        let estimator = estimate::estimator(open.identity().clone(), rate);
        Ok(Box::new(Fpga {
            info: info.clone(),
            card: open,
            estimator,
        }))
    }
}

/// Which card it is, if it is one that may be used.
fn look(card: &str, config: &Config) -> Result<Identity, DeviceError> {
    let (identity, _) = identify(connect(card)?.as_mut())?;
    known(&identity, config)?;
    Ok(identity)
}

fn known(identity: &Identity, config: &Config) -> Result<String, DeviceError> {
    designs::name(identity.design, config.designs().as_deref()).ok_or_else(|| {
        DeviceError::Failed(format!(
            "card holds design {:.8}, which is neither built in nor among the operator's manifests",
            identity.design
        ))
    })
}

fn describe(identity: &Identity, card: &str) -> String {
    let can = identity.can;
    let butterflies = match (can.streaming, 1u64 << can.log_butterflies) {
        (true, _) => "streaming".into(),
        (false, 1) => "1 butterfly a clock".into(),
        (false, n) => format!("{n} butterflies a clock"),
    };
    let sizes = match can.min_log_n == can.max_log_n {
        true => format!("of 2^{}", can.max_log_n),
        false => format!("to 2^{}", can.max_log_n),
    };
    let (field, mhz) = (identity.field, identity.clock_hz as f64 / 1e6);
    format!(
        "{field} ntt {sizes}, {butterflies}, {mhz} MHz, design {:.8} at {card}",
        identity.design
    )
}

/// The serial port, or the prefix of the character devices, of a card's name.
fn path(card: &str) -> &str {
    match card.strip_prefix(XDMA) {
        Some(prefix) => prefix,
        None => serial(card).0,
    }
}

/// Path and baud of `PATH` or `PATH@BAUD`.
fn serial(card: &str) -> (&str, u32) {
    let split = card.rsplit_once('@');
    let baud = split.and_then(|(path, baud)| Some((path, baud.parse().ok()?)));
    baud.unwrap_or((card, BAUD))
}

/// Two names of one port are one piece of silicon.
fn physical(card: &str) -> String {
    let path = Path::new(path(card));
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.into());
    format!("fpga {}", path.display())
}

fn connect(card: &str) -> Result<Box<dyn Transport>, DeviceError> {
    #[cfg(unix)]
    if let Some(prefix) = card.strip_prefix(XDMA) {
        return Ok(Box::new(xdma::Xdma::open(prefix)?));
    }
    let (path, baud) = serial(card);
    let port = serialport::new(path, baud).timeout(TIMEOUT).open();
    let port = port.map_err(|e| match lock::holder(Path::new(path)) {
        Some(_) => lock::busy(Path::new(path)),
        None => DeviceError::Failed(format!("{path}: {e}")),
    })?;
    port.clear(serialport::ClearBuffer::All)
        .map_err(|e| DeviceError::Failed(format!("{path}: {e}")))?;
    let tag = System::default().word().unwrap_or_default() as u8;
    Ok(Box::new(Framed::new(port, TIMEOUT, tag)))
}

/// An open card.
struct Fpga {
    info: DeviceInfo,
    card: Card,
    estimator: Estimator,
}

impl Device for Fpga {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn estimator(&self) -> Estimator {
        self.estimator.clone()
    }

    fn run(&mut self, chains: Vec<Chain>) -> Result<Vec<Output>, DeviceError> {
        chains::run(&mut self.card, &chains)
    }
}
