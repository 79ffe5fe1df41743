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
use proofmill_wire::frame::MAX_BYTES;
use serialport::SerialPort;
use std::path::Path;
use std::time::Duration;
use transport::Transport;

/// The cards that the configuration names, `fpga:0` and on.
pub(crate) struct FpgaBackend;

/// Bits a second of a serial port, where the card's name does not say.
const BAUD: u32 = 1_000_000;
/// How long a card may take to answer, beside the time that the longest frames take on the line.
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

    /// Each card is asked who it is and does its self-test.
    fn opening(&self) -> Duration {
        Duration::from_millis(100)
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
        let link = open.self_test()?;
        let estimator = estimate::estimator(open.identity().clone(), link);
        Ok(Box::new(Fpga {
            info: info.clone(),
            card: open,
            estimator,
        }))
    }
}

/// The design of a card, named as in [`Config::cards`], in hexadecimal digits. It need not be a known one.
pub fn card_design(card: &str) -> Result<String, DeviceError> {
    Ok(ask(card)?.design.to_string())
}

/// Which card it is, if it is one that may be used.
fn look(card: &str, config: &Config) -> Result<Identity, DeviceError> {
    let identity = ask(card)?;
    known(&identity, config)?;
    Ok(identity)
}

/// Which card it is.
fn ask(card: &str) -> Result<Identity, DeviceError> {
    let identity = identify(connect(card)?.as_mut()).map_err(|e| match e {
        DeviceError::Hung(time) if !card.starts_with(XDMA) => DeviceError::Failed(format!(
            "no answer within {time:?} at {} baud (PATH@BAUD names another rate)",
            serial(card).1
        )),
        other => other,
    });
    Ok(identity?.0)
}

fn known(identity: &Identity, config: &Config) -> Result<String, DeviceError> {
    let folder = config.designs();
    if let Some(Err(e)) = folder.as_deref().map(std::fs::read_dir) {
        let folder = folder.unwrap_or_default();
        return Err(DeviceError::Failed(format!(
            "designs folder {}: {e}",
            folder.display()
        )));
    }
    designs::name(identity.design, folder.as_deref()).ok_or_else(|| {
        DeviceError::Failed(format!(
            "card holds design {:.8}, which is not built in; to trust it, put its manifest into the folder \
             that PROOFMILL_DESIGNS names",
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
    // two requests and two answers of ten bits a byte
    let line = Duration::from_secs_f64(4.0 * 10.0 * MAX_BYTES as f64 / f64::from(baud.max(1)));
    let timeout = TIMEOUT + line;
    let tag = System::default().word().unwrap_or_default() as u8;
    Ok(Box::new(Framed::new(
        port(path, baud, timeout)?,
        timeout,
        tag,
    )))
}

/// A serial port for this process alone, as long as it is open.
fn port(path: &str, baud: u32, timeout: Duration) -> Result<impl SerialPort + use<>, DeviceError> {
    let failed = |e: serialport::Error| DeviceError::Failed(format!("{path}: {e}"));
    let held = |e| match lock::holder(Path::new(path)) {
        Some(_) => lock::busy(Path::new(path)),
        None => failed(e),
    };
    let builder = serialport::new(path, baud).timeout(timeout);
    // not the terminal's own exclusive mode: on a pseudo-terminal it outlives who set it
    #[cfg(unix)]
    let builder = builder.exclusive(false);
    let port = builder.open_native().map_err(held)?;
    #[cfg(unix)]
    lock::take(&port).map_err(|_| lock::busy(Path::new(path)))?;
    port.clear(serialport::ClearBuffer::All).map_err(failed)?;
    Ok(port)
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
