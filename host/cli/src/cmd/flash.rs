//! `proofmill flash`: a bitstream onto a board, and back.

use super::Answer;
use super::bitstream::{bad, line};
use crate::error::{self, Error};
use crate::progress::Stages;
use clap::Args;
use proofmill::device::card_design;
use proofmill_bitstream::history::{History, Image};
use proofmill_bitstream::programmer::{Programmer, typed};
use proofmill_bitstream::{Bitstream, Board, Boards, Error as Bad, Manifest, bit, shown};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// Write a bitstream into a board's flash
///
/// A bitstream for another part, or without a manifest that is of this very file and board, is refused. openFPGALoader
/// writes it and reads it back; the image before is kept for --rollback. Boards: `docs/boards.md`.
#[derive(Args)]
pub(crate) struct Flash {
    /// The board, as `ulx3s-85f`; PROOFMILL_BOARDS names a folder with more of them
    board: String,
    /// A .bit file
    #[arg(required_unless_present = "rollback", conflicts_with = "rollback")]
    file: Option<PathBuf>,
    /// Its manifest [default: FILE with .json in place of .bit]
    #[arg(long, value_name = "PATH", conflicts_with = "rollback")]
    manifest: Option<PathBuf>,
    /// Check everything and show the command; write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write the image that the board held before
    #[arg(long)]
    rollback: bool,
    /// Write it though it is for another part, or has no manifest or another file's
    #[arg(long)]
    force: bool,
    /// The programmer [default: openFPGALoader, where the shell finds it]
    #[arg(long, value_name = "PATH")]
    programmer: Option<PathBuf>,
    /// Ask the card at this serial port (PATH or PATH@BAUD) afterwards whether it holds the manifest's design
    #[arg(long, value_name = "PATH")]
    card: Option<String>,
    /// Seconds that the card may take to answer
    #[arg(long, value_name = "SECONDS", default_value_t = 10, requires = "card")]
    wait: u16,
}

/// How long to wait between two questions to a card that does not answer yet.
const PAUSE: Duration = Duration::from_millis(200);

impl Flash {
    pub(crate) fn run(&self) -> Result<Answer, Error> {
        let boards = Boards::open()?;
        let board = boards.find(&self.board)?;
        let history = History::open(&self.board)?;
        let _lock = (!self.dry_run).then(|| history.lock()).transpose()?;
        let (file, image, manifest) = self.image(&history)?;
        let found = Bitstream::parse(&image.bytes).map_err(|source| bad(&file, source))?;
        self.check(board, &file, &image.bytes, &found, manifest.as_ref())?;

        let programmer = Programmer::new(self.programmer.as_deref());
        let command = programmer.command(board, &history.staged_file());
        let mut text = line("board", format!("{} ({})", board.name, self.board));
        text += &line("file", file.display());
        text += &line("part", shown(found.full_part().unwrap_or(found.part.name)));
        if let Some(manifest) = &manifest {
            let (design, hash) = (shown(&manifest.design), &manifest.design_hash);
            text += &line("design", format!("{design}, {hash:.8}"));
        }
        if history.is_broken() {
            text += &line("state", "a write before this one broke off");
        }
        text += &line("command", typed(&command));
        if self.dry_run {
            return Ok(Answer::good(text + &line("dry run", "nothing was written")));
        }
        let what = match (self.rollback, history.is_broken()) {
            (false, _) => "the new image",
            (true, false) => "the image before",
            (true, true) => "the last image known to be whole",
        };
        self.write(&programmer, board, &history, &image)?;
        text += &line("written", what);
        text += &self.ask(manifest.as_ref())?;
        Ok(Answer::good(text))
    }

    /// The file, what is in it, and its manifest, if there is one.
    fn image(&self, history: &History) -> Result<(PathBuf, Image, Option<Manifest>), Error> {
        let Some(file) = &self.file else {
            let file = history.rollback_file();
            let image = history.rollback()?.ok_or_else(|| Error::NoPrevious {
                board: self.board.clone(),
                expected: file.display().to_string(),
            })?;
            let manifest = image.manifest.as_ref();
            let path = file.with_extension("json");
            let manifest = manifest
                .map(|text| Manifest::parse(&path, text))
                .transpose()?;
            return Ok((file, image, manifest));
        };
        let bytes = bit::read(file)?;
        let (manifest, text) = match Manifest::open(&self.manifest_path(file)) {
            Ok((manifest, text)) => (Some(manifest), Some(text)),
            Err(Bad::Io { source, .. })
                if self.manifest.is_none() && source.kind() == ErrorKind::NotFound =>
            {
                (None, None)
            }
            Err(e) => return Err(e.into()),
        };
        let image = Image {
            bytes,
            manifest: text,
        };
        Ok((file.clone(), image, manifest))
    }

    fn manifest_path(&self, file: &Path) -> PathBuf {
        self.manifest
            .clone()
            .unwrap_or_else(|| file.with_extension("json"))
    }

    /// Refuses what does not belong on the board, or warns where it is forced.
    fn check(
        &self,
        board: &Board,
        file: &Path,
        bytes: &[u8],
        found: &Bitstream,
        manifest: Option<&Manifest>,
    ) -> Result<(), Error> {
        let name = file.display().to_string();
        let refused = |reason| Error::Refused {
            file: name.clone(),
            board: self.board.clone(),
            reason,
        };
        let parts = other_part(board, found).map(refused);
        let manifest = match manifest {
            Some(manifest) => self.other_manifest(manifest, bytes, found).map(refused),
            None => Some(Error::NoManifest {
                file: name.clone(),
                expected: self.manifest_path(file).display().to_string(),
            }),
        };
        for problem in [parts, manifest].into_iter().flatten() {
            if !self.force {
                return Err(problem);
            }
            error::warn(&format!("{problem}; forced"));
        }
        Ok(())
    }

    fn other_manifest(
        &self,
        manifest: &Manifest,
        bytes: &[u8],
        found: &Bitstream,
    ) -> Option<String> {
        if manifest.board != self.board {
            let board = shown(&manifest.board);
            return Some(format!("its manifest is for board {board}"));
        }
        let differs = manifest.differs(bytes, found.part);
        differs.map(|what| format!("its manifest is of another file: {what}"))
    }

    /// Writes a copy of what was checked: the file may be another by now.
    fn write(
        &self,
        programmer: &Programmer,
        board: &Board,
        history: &History,
        image: &Image,
    ) -> Result<(), Error> {
        let file = history.stage(image)?;
        let writing = history.begin()?;
        let stages = Stages::new();
        stages.start(&format!("writing {}", board.name));
        match programmer.write(board, &file) {
            Ok(()) => Ok(writing.done()?),
            Err(failure) => {
                if !failure.may_have_written()
                    && let Err(e) = writing.untouched()
                {
                    error::warn(&format!("{e}: the board counts as broken from now on"));
                }
                Err(failure.into())
            }
        }
    }

    /// What the card says, if one is named.
    fn ask(&self, manifest: Option<&Manifest>) -> Result<String, Error> {
        let Some(card) = &self.card else {
            return Ok(line("card", "not asked (--card PATH)"));
        };
        let stages = Stages::new();
        stages.start(&format!("waiting for the card at {card}"));
        let deadline = Instant::now() + Duration::from_secs(self.wait.into());
        let found = loop {
            match card_design(card) {
                Ok(design) => break design,
                Err(source) if Instant::now() >= deadline => {
                    let card = card.clone();
                    return Err(Error::SilentCard { card, source });
                }
                Err(_) => thread::sleep(PAUSE),
            }
        };
        match manifest {
            None => Ok(line(
                "card",
                format!("holds design {found:.8}; without a manifest nobody knows which"),
            )),
            Some(manifest) if manifest.design_hash.eq_ignore_ascii_case(&found) => Ok(line(
                "card",
                format!("holds design {found:.8}, as the manifest has it"),
            )),
            Some(manifest) => Err(Error::OtherDesign {
                card: card.clone(),
                expected: manifest.design_hash.clone(),
                found,
            }),
        }
    }
}

/// How a bitstream's part is not the board's: by its IDCODE, and by its comment, since other packages have other pins.
fn other_part(board: &Board, found: &Bitstream) -> Option<String> {
    let (expected, comment) = (board.full_part(), found.full_part());
    if found.part.idcode != board.idcode {
        return Some(format!(
            "expected part {}, found {}",
            board.part, found.part
        ));
    }
    let other = comment.filter(|part| *part != expected)?;
    Some(format!("expected part {expected}, found {}", shown(other)))
}
