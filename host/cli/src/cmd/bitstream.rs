//! `proofmill bitstream`: what is in an FPGA's configuration file.

use super::Answer;
use crate::error::Error;
use clap::{Args, Subcommand};
use proofmill_bitstream::{Error as Bad, Malformed, Manifest, Part, bit, manifest, svf};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Look at an FPGA's bitstream
#[derive(Subcommand)]
pub(crate) enum Bitstream {
    Info(Info),
}

/// Show a bitstream's part and contents, and whether it is a manifest's
///
/// The file must be whole: every frame is there, and every CRC is right. Exit code 1 means that the manifest is of
/// another file.
#[derive(Args)]
pub(crate) struct Info {
    /// A .bit file for ECP5, or an .svf file, of which only the part is looked at
    file: PathBuf,
    /// Compare with this manifest (JSON)
    #[arg(long, value_name = "PATH")]
    manifest: Option<PathBuf>,
    /// Print a JSON record instead
    #[arg(long)]
    json: bool,
}

impl Bitstream {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        match self {
            Bitstream::Info(info) => info.run(),
        }
    }
}

impl Info {
    fn run(&self) -> Result<Answer, Error> {
        let bytes = bit::read(&self.file)?;
        let found = parse(&self.file, &bytes)?;
        let manifest = self.manifest.as_deref().map(Manifest::open).transpose()?;
        let differs = manifest.map(|(manifest, _)| match found.bit {
            Some(_) => manifest.differs(&bytes, found.part),
            None => manifest.other_part(found.part),
        });
        let good = !matches!(differs, Some(Some(_)));
        if self.json {
            return Ok(Answer::json(&json(&found, &bytes, &differs), good));
        }
        let text = report(&found, &bytes, &differs);
        Ok(Answer { text, good })
    }
}

/// What a file holds.
struct Contents {
    part: &'static Part,
    /// `None`: an SVF file.
    bit: Option<bit::Bitstream>,
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Contents, Error> {
    let bad = |source| bad(path, source);
    if let Ok(text) = str::from_utf8(bytes)
        && !text.is_empty()
    {
        let part = svf::part(text).map_err(bad)?;
        return Ok(Contents { part, bit: None });
    }
    let bit = bit::Bitstream::parse(bytes).map_err(bad)?;
    Ok(Contents {
        part: bit.part,
        bit: Some(bit),
    })
}

/// The error with the file's name.
pub(super) fn bad(path: &Path, source: Malformed) -> Error {
    Error::Bitstream(Bad::Bitstream {
        path: path.display().to_string(),
        source,
    })
}

/// Lines of a name and a value.
pub(super) fn line(name: &str, value: impl std::fmt::Display) -> String {
    format!("{name:<9}  {value}\n")
}

fn report(found: &Contents, bytes: &[u8], differs: &Option<Option<String>>) -> String {
    let mut out = line("part", found.part);
    out += &line("idcode", format!("{:#010x}", found.part.idcode));
    match &found.bit {
        None => out += &line("format", "svf"),
        Some(bit) => {
            let kind = if bit.compressed {
                "compressed"
            } else {
                "plain"
            };
            out += &line("format", format!("bit, {kind}"));
            for comment in &bit.comments {
                // what a file says is shown without what it could do to a terminal
                out += &line("comment", comment.escape_debug());
            }
            out += &line("frames", format!("{}, whole", bit.frames));
            out += &line("memories", format!("{} bytes", bit.memory_blocks * 9));
            if let Some(code) = bit.usercode {
                out += &line("usercode", format!("{code:#010x}"));
            }
        }
    }
    out += &line("sha256", manifest::sha256(bytes));
    match differs {
        None => {}
        Some(None) if found.bit.is_none() => {
            out += &line("manifest", "same part; its sha256 is of the .bit file");
        }
        Some(None) => out += &line("manifest", "matches"),
        Some(Some(what)) => out += &line("manifest", format!("of another file: {what}")),
    }
    out
}

fn json(found: &Contents, bytes: &[u8], differs: &Option<Option<String>>) -> Value {
    let bit = found.bit.as_ref();
    json!({
        "part": found.part.name,
        "idcode": format!("{:#010x}", found.part.idcode),
        "format": if bit.is_some() { "bit" } else { "svf" },
        "comments": bit.map(|bit| &bit.comments),
        "frames": bit.map(|bit| bit.frames),
        "compressed": bit.map(|bit| bit.compressed),
        "memory_bytes": bit.map(|bit| bit.memory_blocks * 9),
        "usercode": bit.map(|bit| bit.usercode),
        "sha256": manifest::sha256(bytes),
        "manifest_matches": differs.as_ref().map(Option::is_none),
        // a manifest's sha256 is of the .bit file
        "manifest_compares": differs.as_ref().map(|_| match bit {
            Some(_) => "sha256 and part",
            None => "part",
        }),
        "manifest_differs": differs.as_ref().and_then(|what| what.clone()),
    })
}
