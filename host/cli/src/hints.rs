//! What to do about an error. Hints are the program's: the libraries know no command.

use crate::error::Error;
use proofmill_bitstream::Error as Bitstream;
use proofmill_bitstream::programmer::Failure;
use proofmill_groth16::Error as Groth16;
use std::io::ErrorKind;

/// A line of advice, where there is one.
pub(crate) fn hint(error: &Error) -> Option<String> {
    if let Some(error) = error.driver() {
        return driver(error).map(str::to_string);
    }
    let hint = match error {
        Error::Groth16(error) => return groth16(error),
        Error::Stdout(e) if e.kind() == ErrorKind::StorageFull => {
            "free some space; files that the command writes are complete"
        }
        Error::Stdout(_) => "files that the command writes are complete",
        Error::RealKey => {
            "whoever runs setup knows tau and can forge proofs; a key for real use comes from a ceremony \
             (`snarkjs groth16 setup`, `snarkjs zkey contribute`); to develop and test, add --insecure-dev"
        }
        Error::SameFile { .. } => "each file needs a name of its own; inputs are never overwritten",
        Error::Tariffs { .. } => "`proofmill cost --example` prints a file to start from",
        Error::NoPrice(proofmill_cost::NoPrice::Nobody { .. }) => {
            "add one to the tariff file; its `devices` may be kinds, such as cuda"
        }
        Error::NoPrice(_) => {
            "name the machine that made the record before the file: \"NAME=record.json\""
        }
        Error::Record { .. } => "`proofmill prove --json` prints such a record",
        Error::Threads(_) => "try fewer with --threads",
        Error::Bitstream(error) => return bitstream(error),
        error => flash(error)?,
    };
    Some(hint.into())
}

fn flash(error: &Error) -> Option<&'static str> {
    let hint = match error {
        Error::Programmer(failure) => return programmer(failure),
        Error::Refused { .. } => {
            "pins that drive each other can damage a board; build one for this board, or --force it"
        }
        Error::NoManifest { .. } => {
            "without one nobody knows what it holds: --manifest names it, --force does without"
        }
        Error::NoPrevious { .. } => {
            "only images that `proofmill flash` wrote from this account are kept"
        }
        Error::SilentCard { .. } => {
            "is it the board's serial port, at its rate (PATH@BAUD)? A board that has to be plugged in again needs a \
             longer --wait; --rollback writes the image before"
        }
        Error::OtherDesign { .. } => {
            "is it this board's serial port? --rollback writes the image before"
        }
        _ => return None,
    };
    Some(hint)
}

fn bitstream(error: &Bitstream) -> Option<String> {
    let hint = match error {
        // who makes it is not in its name, as it is with circom's files
        Bitstream::Io { source, .. } if source.kind() == ErrorKind::NotFound => return None,
        Bitstream::Io {
            path,
            action,
            source,
        } => return io(path, action, source.kind()),
        Bitstream::Bitstream { source, .. } if source.offset == 0 => {
            "bitstreams are .bit files for ECP5, as ecppack and Diamond write them, or their .svf files"
        }
        Bitstream::Bitstream { .. } => "the file is damaged or cut short: copy it or make it again",
        Bitstream::Unrecorded(_) => {
            "it works; until it is recorded by flashing it again, --rollback writes the last image known to be whole"
        }
        Bitstream::Locked { .. } => "wait until it ends; nothing was written",
        Bitstream::UnknownBoard { .. } => {
            "the folder that PROOFMILL_BOARDS names adds boards, a file each (docs/boards.md)"
        }
        Bitstream::Board { .. } => "docs/boards.md says what a board's file has",
        Bitstream::Manifest { .. } => "a manifest has design, design_hash, board, part and sha256",
        _ => return None,
    };
    Some(hint.into())
}

fn programmer(failure: &Failure) -> Option<&'static str> {
    Some(match failure {
        Failure::NoProgram { .. } => {
            "install openFPGALoader (Debian: `apt install openfpgaloader`), or name it with --programmer PATH"
        }
        Failure::NoBoard(_) => {
            "is the board plugged in and powered, by a cable that carries data? An OrangeCrab is written in its boot \
             loader: hold its button while plugging it in"
        }
        Failure::NoPermission(_) => {
            "copy host/bitstream/udev/60-proofmill.rules to /etc/udev/rules.d/, `udevadm control --reload`, and plug \
             the board in again"
        }
        Failure::Cable(_) => {
            "does another program use it? End that, or plug the board in again; nothing was written"
        }
        Failure::WrongCable(_) => {
            "unplug other boards and cables; `openFPGALoader --detect` shows what answers; nothing was written"
        }
        Failure::UnknownBoard(_) => {
            "another openFPGALoader is needed (1.1.1 knows the built-in boards), built with the board's cable: --programmer PATH"
        }
        Failure::Verification(_) | Failure::Killed(_) | Failure::BrokenOff { .. } => {
            "the board may hold a broken image: write it again, or --rollback"
        }
        Failure::Other { .. } => {
            "it had not begun to write; the command that --dry-run shows prints more"
        }
        _ => return None,
    })
}

fn driver(error: &proofmill::Error) -> Option<&'static str> {
    use proofmill::Error::{NoDevice, UnknownDevice, Unusable};
    match error {
        UnknownDevice { .. } | Unusable { .. } => Some("`proofmill devices` lists the devices"),
        NoDevice { .. } => Some(
            "`proofmill selftest` finds faulty devices; without --device another may take over",
        ),
        _ => None,
    }
}

fn groth16(error: &Groth16) -> Option<String> {
    let hint = match error {
        Groth16::Io {
            path,
            action,
            source,
        } => return io(path, action, source.kind()),
        Groth16::Malformed {
            section, offset: 0, ..
        } if section == "file header" => {
            "this is another kind of file; `proofmill COMMAND --help` shows the order of the arguments"
        }
        Groth16::Malformed { .. } => "the file is damaged or cut short: copy it or make it again",
        Groth16::Unsupported {
            what: "protocol", ..
        } => "only Groth16 keys work; `snarkjs groth16 setup` makes one",
        Groth16::Unsupported { what: "curve", .. } => {
            "circom's --prime must be bn128 (the default) or bls12381"
        }
        Groth16::Unsupported { .. } => "another version of the tool may have made the file",
        Groth16::Mismatch {
            what: "number of public signals",
            ..
        } => "the proof was made with another key, or for another circuit",
        Groth16::Mismatch { .. } => {
            "key and witness are of different circuits; `proofmill zkey info` shows the key's sizes"
        }
        Groth16::BadWitness { .. } => {
            "make the witness again: no correct generator writes such a value"
        }
        Groth16::InvalidProof { .. } => "`snarkjs wtns check` tests a witness against its circuit",
        Groth16::Json {
            source: Some(_), ..
        } => "verify takes VKEY PUBLIC PROOF, in this order, each a JSON file",
        Groth16::Json { .. } => "verify takes VKEY PUBLIC PROOF, in this order",
        _ => return None,
    };
    Some(hint.into())
}

fn io(path: &str, action: &str, kind: ErrorKind) -> Option<String> {
    let hint = match kind {
        ErrorKind::NotFound if action == "write" => {
            "the folder must exist: make it with `mkdir -p`".into()
        }
        ErrorKind::NotFound => missing(path)?.into(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space or choose another folder; nothing was written".into()
        }
        ErrorKind::PermissionDenied => format!("may this user {action} it?"),
        ErrorKind::InvalidInput if action == "map" => {
            "keys and witnesses are mapped into memory: save a pipe's content to a file first"
                .into()
        }
        _ => return None,
    };
    Some(hint)
}

/// Who makes a file of this kind.
fn missing(path: &str) -> Option<&'static str> {
    match path.rsplit_once('.')?.1 {
        "r1cs" => Some("`circom CIRCUIT.circom --r1cs` writes it"),
        "wtns" => Some("`snarkjs wtns calculate CIRCUIT.wasm INPUT.json WITNESS.wtns` writes it"),
        "zkey" => Some("to develop, `proofmill setup --insecure-dev` makes a key from an .r1cs"),
        "json" => Some(
            "`proofmill prove` writes proof and public signals, `proofmill zkey export-vkey` the verification key",
        ),
        _ => None,
    }
}
