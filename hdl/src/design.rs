//! Designs by name, and the Verilog that they become.

use crate::HdlError;
use crate::ntt::core::{Ntt31, Ntt64};
use crate::stream::{chain::Chain, core::StreamCore, plan as stream};
use clap::ValueEnum;
use proofmill_field::FieldId;
use rust_hdl::prelude::*;
use sha2::{Digest, Sha256};
use std::fmt;
use std::fs;
use std::path::Path;

/// A core that a card can hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Core {
    /// The in-place transform over Goldilocks.
    #[value(name = "ntt-goldilocks")]
    NttGoldilocks,
    /// The in-place transform over BabyBear.
    #[value(name = "ntt-babybear")]
    NttBabyBear,
    /// The in-place transform over KoalaBear.
    #[value(name = "ntt-koalabear")]
    NttKoalaBear,
    /// The streaming transform over Goldilocks, without cosets.
    #[value(name = "stream-goldilocks")]
    StreamGoldilocks,
    /// The streaming transform over Goldilocks, with cosets.
    #[value(name = "stream-goldilocks-coset")]
    StreamGoldilocksCoset,
    /// Lanes of the streaming transform one behind the other: what a part holds, no core of a card.
    #[value(name = "chain-goldilocks")]
    ChainGoldilocks,
}

impl Core {
    /// Its field.
    pub fn field(self) -> FieldId {
        match self {
            Core::NttBabyBear => FieldId::BabyBear,
            Core::NttKoalaBear => FieldId::KoalaBear,
            Core::NttGoldilocks
            | Core::StreamGoldilocks
            | Core::StreamGoldilocksCoset
            | Core::ChainGoldilocks => FieldId::Goldilocks,
        }
    }
}

impl fmt::Display for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.to_possible_value();
        f.write_str(name.as_ref().map_or("", |name| name.get_name()))
    }
}

/// A core with its parameters.
#[derive(clap::Args, Clone, Copy, PartialEq, Eq, Debug)]
pub struct Design {
    /// The core
    #[arg(long = "design", value_enum, value_name = "CORE")]
    pub core: Core,
    /// log2 of the largest transform
    #[arg(long, value_name = "N")]
    pub log_n_max: u32,
    /// Butterflies in a clock; the lanes of a streaming core
    #[arg(long, value_name = "B", default_value_t = 1)]
    pub butterflies: u32,
}

impl fmt::Display for Design {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.core, self.log_n_max, self.butterflies)
    }
}

/// Calls `$make!(K, H, LB, BANKS, B)` with the parameters of an in-place core, where they are among those
/// that are compiled in: the widths of its addresses are types. `None` otherwise.
macro_rules! in_place {
    ($design:expr, $make:ident) => {
        in_place!($design, $make, [6, 10, 12])
    };
    ($design:expr, $make:ident, [$($k:literal),+]) => {
        match ($design.log_n_max, $design.butterflies) {
            $(
                ($k, 1) => Some($make!($k, { $k - 1 }, 1, 2, 1)),
                ($k, 2) => Some($make!($k, { $k - 2 }, 2, 4, 2)),
                ($k, 4) => Some($make!($k, { $k - 3 }, 3, 8, 4)),
            )+
            _ => None,
        }
    };
}

pub(crate) use in_place;

impl Design {
    /// Every design that is compiled in.
    pub fn all() -> impl Iterator<Item = Design> {
        let in_place = [Core::NttGoldilocks, Core::NttBabyBear, Core::NttKoalaBear];
        let in_place = in_place.into_iter().flat_map(|core| {
            let sizes = [6, 10, 12]
                .into_iter()
                .flat_map(|k| [1, 2, 4].map(|b| (k, b)));
            sizes.map(move |(log_n_max, butterflies)| Design {
                core,
                log_n_max,
                butterflies,
            })
        });
        let stream = |(core, butterflies)| Design {
            core,
            log_n_max: stream::LOG_N,
            butterflies,
        };
        let streams = [
            (Core::StreamGoldilocks, 1),
            (Core::StreamGoldilocksCoset, 1),
            (Core::ChainGoldilocks, 3),
            (Core::ChainGoldilocks, 4),
        ];
        in_place.chain(streams.map(stream))
    }

    /// The Verilog of a streaming block, where the size is that of one and the lanes are so many.
    pub(crate) fn streams<B: Block>(
        &self,
        lanes: std::ops::RangeInclusive<u32>,
        block: impl FnOnce() -> B,
    ) -> Option<Result<String, HdlError>> {
        let fits = self.log_n_max == stream::LOG_N && lanes.contains(&self.butterflies);
        fits.then(|| verilog(block()))
    }

    /// Its Verilog, the top module named `top`.
    ///
    /// Errors: parameters that are not offered.
    pub fn verilog(&self) -> Result<String, HdlError> {
        let field = self.core.field().spec();
        macro_rules! ntt31 {
            ($($width:tt),+) => { verilog(Ntt31::<$($width),+>::new(field)) };
        }
        macro_rules! ntt64 {
            ($($width:tt),+) => { verilog(Ntt64::<$($width),+>::new(field)) };
        }
        let text = || match self.core {
            Core::NttGoldilocks => in_place!(self, ntt64),
            Core::NttBabyBear | Core::NttKoalaBear => in_place!(self, ntt31),
            Core::StreamGoldilocks => self.streams(1..=1, || StreamCore::new(false)),
            Core::StreamGoldilocksCoset => self.streams(1..=1, || StreamCore::new(true)),
            Core::ChainGoldilocks => self.streams(3..=4, || Chain::new(self.butterflies as usize)),
        };
        with_room(text)?.unwrap_or(Err(HdlError::NoSuchDesign(*self)))
    }

    /// Writes `top.v` and `manifest.json` into a folder, which is made, and gives the design hash.
    ///
    /// Errors: parameters that are not offered; the folder cannot be written.
    pub fn emit(&self, folder: &Path) -> Result<String, HdlError> {
        let verilog = self.verilog()?;
        let hash = hash(&verilog);
        let manifest = serde_json::json!({
            "design": self.core.to_string(),
            "field": self.core.field().spec().name,
            "log_n_max": self.log_n_max,
            "butterflies": self.butterflies,
            "design_hash": hash,
            "verilog": "top.v",
            "top": "top",
            "generator": concat!("proofmill-hdl ", env!("CARGO_PKG_VERSION")),
        });
        fs::create_dir_all(folder).map_err(HdlError::io(folder))?;
        for (name, text) in [
            ("top.v", verilog),
            ("manifest.json", format!("{manifest:#}\n")),
        ] {
            let path = folder.join(name);
            fs::write(&path, text).map_err(HdlError::io(&path))?;
        }
        Ok(hash)
    }
}

/// Calls on a stack of its own: the blocks of a core are one value of some megabytes.
pub(crate) fn with_room<T: Send>(call: impl FnOnce() -> T + Send) -> Result<T, HdlError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(1 << 27);
        let thread = thread
            .spawn_scoped(scope, call)
            .map_err(|error| HdlError::Tool {
                tool: "a thread".into(),
                reason: error.to_string(),
            })?;
        Ok(thread
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// The design hash: SHA-256 of the Verilog, in hexadecimal digits.
pub fn hash(verilog: &str) -> String {
    let digest = Sha256::digest(verilog);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A line with the hash of each design that is compiled in.
pub fn hashes() -> Result<String, HdlError> {
    let line = |design: Design| Ok(format!("{design} {}\n", hash(&design.verilog()?)));
    Design::all().map(line).collect()
}

/// The Verilog of a block, its top module named `top`. The same block gives the same text.
///
/// Errors: a signal that nothing drives, a loop without register, an input that is written.
pub fn verilog(mut block: impl Block) -> Result<String, HdlError> {
    block.connect_all();
    check_all(&block).map_err(|error| HdlError::Wiring(format!("{error:?}")))?;
    Ok(generate_verilog_unchecked(&block))
}
