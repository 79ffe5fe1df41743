//! Boards as data: one TOML file each, built in or in the folder that `PROOFMILL_BOARDS` names.
//!
//! `docs/boards.md` says what a file has and how one is added.

use crate::{Error, Part, text};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// The built-in files.
const FILES: [(&str, &str); 4] = [
    (
        "colorlight-i9",
        include_str!("../boards/colorlight-i9.toml"),
    ),
    ("ecpix5-85f", include_str!("../boards/ecpix5-85f.toml")),
    (
        "orangecrab-85f",
        include_str!("../boards/orangecrab-85f.toml"),
    ),
    ("ulx3s-85f", include_str!("../boards/ulx3s-85f.toml")),
];

/// Packages of the family, as nextpnr-ecp5 names them.
const PACKAGES: [&str; 5] = ["CABGA256", "CABGA381", "CABGA554", "CABGA756", "CSFBGA285"];

/// A board, validated.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// For people.
    pub name: String,
    /// The FPGA, one of [`crate::part::PARTS`].
    pub part: String,
    /// Its package as nextpnr-ecp5 names it.
    pub package: String,
    /// Its speed grade, 6 to 8.
    pub speed: u8,
    /// What the FPGA answers over JTAG.
    pub idcode: u32,
    /// Where the pins are from: addresses of the board's own files first.
    pub source: Vec<String>,
    /// The oscillator.
    pub clock: Clock,
    /// The line to the host.
    pub serial: Option<Serial>,
    /// Lights.
    pub leds: Option<Leds>,
    /// A button for resets.
    pub reset: Option<Button>,
    /// How bitstreams get onto it.
    pub programmer: Programmer,
}

/// An oscillator.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Its frequency in Hz.
    pub hz: u64,
    /// The FPGA's pin.
    pub pin: String,
    /// The pin's standard, nextpnr's `IO_TYPE`.
    pub io: String,
}

/// A serial line, named from the FPGA's side.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serial {
    /// The FPGA transmits.
    pub tx: String,
    /// The FPGA receives.
    pub rx: String,
    /// The pins' standard.
    pub io: String,
    /// Bits per second.
    pub baud: u32,
}

/// Lights.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leds {
    /// Their pins.
    pub pins: Vec<String>,
    /// The pins' standard.
    pub io: String,
    /// Whether a 0 lights them.
    #[serde(default)]
    pub active_low: bool,
}

/// A button.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Button {
    /// Its pin.
    pub pin: String,
    /// The pin's standard.
    pub io: String,
    /// Whether it is 0 while it is pressed.
    #[serde(default)]
    pub active_low: bool,
}

/// How bitstreams get onto a board.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Programmer {
    /// openFPGALoader's name of the board.
    pub board: String,
    /// The way.
    pub link: Link,
    /// USB ids (`vendor:product`) of what is programmed through, for the udev rules.
    pub usb: Vec<String>,
}

/// The way of a bitstream onto a board.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// Through the FPGA into the flash, which is read back.
    Jtag,
    /// By a boot loader into the flash.
    Dfu,
}

/// What a port of a design is on a board.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The oscillator.
    Clock,
    /// To the host.
    Transmit,
    /// From the host.
    Receive,
    /// A light, from 0.
    Led(usize),
    /// The reset button.
    Reset,
}

impl Board {
    /// A board out of the text of its file.
    ///
    /// Errors: a key that is missing or unknown; a value that no board of the family has.
    pub fn parse(path: &str, text: &str) -> Result<Self, Error> {
        let refused = |reason| Error::Board {
            path: path.into(),
            reason,
        };
        let board: Board = toml::from_str(text).map_err(|e| refused(describe(&e, text)))?;
        board.validate().map_err(refused)?;
        Ok(board)
    }

    /// The part with speed grade and package, as bitstreams' comments have it: `LFE5U-85F-6CABGA381`.
    pub fn full_part(&self) -> String {
        format!("{}-{}{}", self.part, self.speed, self.package)
    }

    /// Constraints (.lpf) for a design whose ports have these names and roles, in this order.
    ///
    /// Errors: the board has no such thing.
    pub fn lpf(&self, ports: &[(&str, Role)]) -> Result<String, Error> {
        let mut text = format!("# {}\n", self.name);
        for (port, role) in ports {
            let (pin, io) = self.pin(*role).ok_or_else(|| Error::Lacks {
                board: self.name.clone(),
                what: format!("{role:?}").to_lowercase(),
            })?;
            text.push_str(&format!("LOCATE COMP \"{port}\" SITE \"{pin}\";\n"));
            text.push_str(&format!("IOBUF PORT \"{port}\" IO_TYPE={io};\n"));
            if *role == Role::Clock {
                let mhz = self.clock.hz as f64 / 1e6;
                text.push_str(&format!("FREQUENCY PORT \"{port}\" {mhz} MHZ;\n"));
            }
        }
        Ok(text)
    }

    /// Pin and standard of a role.
    fn pin(&self, role: Role) -> Option<(&str, &str)> {
        let serial = self.serial.as_ref();
        Some(match role {
            Role::Clock => (&self.clock.pin, &self.clock.io),
            Role::Transmit => serial.map(|line| (&*line.tx, &*line.io))?,
            Role::Receive => serial.map(|line| (&*line.rx, &*line.io))?,
            Role::Led(i) => {
                let leds = self.leds.as_ref()?;
                (leds.pins.get(i)?, &leds.io)
            }
            Role::Reset => self.reset.as_ref().map(|key| (&*key.pin, &*key.io))?,
        })
    }

    /// Every pin with its standard.
    fn pins(&self) -> impl Iterator<Item = (&str, &str)> {
        let leds = self.leds.as_ref().map_or(0, |leds| leds.pins.len());
        let one = [Role::Clock, Role::Transmit, Role::Receive, Role::Reset];
        let roles = one.into_iter().chain((0..leds).map(Role::Led));
        roles.filter_map(|role| self.pin(role))
    }

    fn validate(&self) -> Result<(), String> {
        let part = Part::by_name(&self.part).ok_or(format!("unknown part {}", self.part))?;
        if part.idcode != self.idcode {
            let (expected, found) = (part.idcode, self.idcode);
            return Err(format!(
                "idcode: expected {expected:#010x} for {part}, found {found:#010x}"
            ));
        }
        let usb = &self.programmer.usb;
        let tests = [
            (
                PACKAGES.contains(&&*self.package),
                "package",
                "one that nextpnr-ecp5 names",
            ),
            ((6..=8).contains(&self.speed), "speed", "6 to 8"),
            (
                (1_000_000..=400_000_000).contains(&self.clock.hz),
                "clock.hz",
                "1 to 400 MHz",
            ),
            (!self.source.is_empty(), "source", "an address"),
            (
                self.source.iter().all(|at| at.starts_with("https://")),
                "source",
                "https addresses",
            ),
            (
                !usb.is_empty() && usb.iter().all(|id| is_usb(id)),
                "programmer.usb",
                "ids as 0403:6015",
            ),
            (
                is_word(&self.name, " .-") && is_word(&self.programmer.board, "_-+"),
                "name",
                "letters and digits",
            ),
        ];
        for (holds, what, expected) in tests {
            if !holds {
                return Err(format!("{what}: expected {expected}"));
            }
        }
        self.validate_serial()?;
        self.validate_pins()
    }

    /// The clock must give the rate to within 2 %: ten bits later a receiver is then a fifth of a bit off.
    fn validate_serial(&self) -> Result<(), String> {
        let Some(Serial { baud, .. }) = self.serial else {
            return Ok(());
        };
        let (hz, baud) = (self.clock.hz, u64::from(baud));
        let divisor = (hz + baud / 2).checked_div(baud).unwrap_or(0);
        match divisor > 1 && (hz / divisor).abs_diff(baud) * 50 <= baud {
            true => Ok(()),
            false => Err(format!("serial.baud: {hz} Hz do not divide into {baud}")),
        }
    }

    fn validate_pins(&self) -> Result<(), String> {
        let mut taken = BTreeSet::new();
        for (pin, io) in self.pins() {
            let row = pin.trim_end_matches(|c: char| c.is_ascii_digit());
            let column = &pin[row.len()..];
            let is_ball = (1..=2).contains(&row.len()) && (1..=2).contains(&column.len());
            if !is_ball || !row.bytes().all(|c| c.is_ascii_uppercase()) {
                return Err(format!("pin {pin:?}: expected one such as B2 or AA17"));
            }
            if !["LVCMOS", "LVTTL", "SSTL"]
                .iter()
                .any(|kind| io.starts_with(kind))
                || !is_word(io, "_")
            {
                return Err(format!(
                    "io {io:?} of pin {pin}: expected one such as LVCMOS33"
                ));
            }
            if !taken.insert(pin) {
                return Err(format!("pin {pin}: expected each once, found it twice"));
            }
        }
        Ok(())
    }
}

/// Line and reason, on one line.
fn describe(error: &toml::de::Error, text: &str) -> String {
    let place = error.span().and_then(|span| text.get(..span.start));
    let line = place.map_or(1, |before| before.matches('\n').count() + 1);
    format!("line {line}: {}", error.message().replace('\n', " "))
}

/// Letters, digits and these: nothing that could leave a quotation in a constraints file.
fn is_word(text: &str, more: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    !text.is_empty() && text.chars().all(good)
}

fn is_usb(id: &str) -> bool {
    let hex = |text: &str| {
        text.len() == 4 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
    };
    id.split_once(':')
        .is_some_and(|(vendor, product)| hex(vendor) && hex(product))
}

/// The boards by the names of their files.
#[derive(Clone, Debug)]
pub struct Boards(BTreeMap<String, Board>);

impl Boards {
    /// The built-in boards and those of the folder that `PROOFMILL_BOARDS` names, if it is set.
    ///
    /// Errors: as [`Boards::with`].
    pub fn open() -> Result<Self, Error> {
        let folder = std::env::var_os("PROOFMILL_BOARDS");
        Self::with(folder.as_deref().map(Path::new))
    }

    /// The built-in boards and those of a folder, `NAME.toml` each.
    ///
    /// Errors: the folder cannot be read; a file is no board, or has the name of another.
    pub fn with(folder: Option<&Path>) -> Result<Self, Error> {
        let mut boards = Self(BTreeMap::new());
        for (name, text) in FILES {
            boards.add(name, &format!("{name}.toml"), text)?;
        }
        let Some(folder) = folder else {
            return Ok(boards);
        };
        for entry in fs::read_dir(folder).map_err(Error::io(folder, "open"))? {
            let path = entry.map_err(Error::io(folder, "read"))?.path();
            let name = path.file_stem().and_then(OsStr::to_str);
            if let (Some("toml"), Some(name)) = (path.extension().and_then(OsStr::to_str), name) {
                let text = text::read(&path)?;
                boards.add(name, &path.display().to_string(), &text)?;
            }
        }
        Ok(boards)
    }

    fn add(&mut self, name: &str, path: &str, text: &str) -> Result<(), Error> {
        let refused = |reason: &str| Error::Board {
            path: path.into(),
            reason: reason.into(),
        };
        if !is_word(name, "-_") {
            return Err(refused("expected a name of letters, digits, - and _"));
        }
        match self.0.insert(name.into(), Board::parse(path, text)?) {
            None => Ok(()),
            Some(_) => Err(refused("another board has this name")),
        }
    }

    /// A board by name.
    pub fn find(&self, name: &str) -> Result<&Board, Error> {
        self.0.get(name).ok_or_else(|| Error::UnknownBoard {
            name: name.into(),
            known: self.0.keys().cloned().collect::<Vec<_>>().join(", "),
        })
    }

    /// Every board with its name, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Board)> {
        self.0.iter().map(|(name, board)| (&**name, board))
    }
}
