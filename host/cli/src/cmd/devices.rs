//! `proofmill devices`: what there is to compute on.

use super::{Answer, Cards};
use crate::error::Error;
use clap::Args;
use proofmill::Pool;
use proofmill::device::DeviceInfo;
use serde_json::{Value, json};

/// List the devices of this machine
///
/// A device that cannot be used is listed with the reason.
#[derive(Args)]
pub(crate) struct Devices {
    #[command(flatten)]
    cards: Cards,
    /// Print a JSON record instead; sizes in bytes
    #[arg(long)]
    json: bool,
}

impl Devices {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        let found = Pool::builder().cards(&self.cards.card).open()?.devices();
        Ok(match self.json {
            true => Answer::json(&json!({ "devices": json(&found) }), true),
            false => Answer::good(table(&found)),
        })
    }
}

/// A row for each device.
pub(crate) fn table(devices: &[DeviceInfo]) -> String {
    let mut out = String::from("device        what\n");
    for device in devices {
        out.push_str(&format!("{:<12}  {}\n", device.id, device.name));
        if let Some(reason) = &device.unusable {
            out.push_str(&format!("{:<12}  cannot be used: {reason}\n", ""));
        }
    }
    out
}

/// The same as a JSON list.
pub(crate) fn json(devices: &[DeviceInfo]) -> Value {
    let record = |device: &DeviceInfo| {
        json!({
            "id": device.id,
            "name": device.name,
            "backend": device.backend,
            "physical": device.physical,
            "resident_bytes": device.resident_bytes,
            "usable": device.unusable.is_none(),
            "unusable": device.unusable,
        })
    };
    devices.iter().map(record).collect()
}
