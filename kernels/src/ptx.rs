//! The programs as PTX (`generated/ptx`, made by `make ptx`): what a CUDA driver takes, for every architecture
//! from 7.5 on.

use crate::{Program, Properties};
use proofmill_field::{CurveId, FieldId, Group};

/// What the PTX is compiled for. `parallel` is the machine's matter.
pub const PROPERTIES: Properties = Properties {
    threads: 128,
    // of 48 KiB; two work-groups fit a multiprocessor of the oldest architecture
    local_bytes: 1 << 15,
    parallel: 1,
};

macro_rules! ptx {
    ($name:literal) => {
        include_str!(concat!("../generated/ptx/", $name, ".ptx"))
    };
}

/// A program's PTX; `None` for the group that no curve offers.
pub fn of(program: Program) -> Option<&'static str> {
    Some(match program {
        Program::Field(field) => of_field(field),
        Program::Group(CurveId::Bn254, Group::G1) => ptx!("bn254_g1"),
        Program::Group(CurveId::Bn254, Group::G2) => ptx!("bn254_g2"),
        Program::Group(CurveId::Bls12_381, Group::G1) => ptx!("bls12_381_g1"),
        Program::Group(CurveId::Bls12_381, Group::G2) => ptx!("bls12_381_g2"),
        Program::Group(CurveId::Bls12_377, Group::G1) => ptx!("bls12_377_g1"),
        Program::Group(CurveId::Bls12_377, Group::G2) => return None,
        Program::Sort => ptx!("sort"),
    })
}

fn of_field(field: FieldId) -> &'static str {
    match field {
        FieldId::Bn254Fr => ptx!("bn254_fr"),
        FieldId::Bn254Fq => ptx!("bn254_fq"),
        FieldId::Bls12_381Fr => ptx!("bls12_381_fr"),
        FieldId::Bls12_381Fq => ptx!("bls12_381_fq"),
        FieldId::Bls12_377Fr => ptx!("bls12_377_fr"),
        FieldId::Bls12_377Fq => ptx!("bls12_377_fq"),
        FieldId::Goldilocks => ptx!("goldilocks"),
        FieldId::BabyBear => ptx!("babybear"),
        FieldId::KoalaBear => ptx!("koalabear"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_has_ptx_with_its_kernels_and_parameters() {
        for program in Program::all() {
            let ptx = of(program).unwrap();
            assert!(
                ptx.starts_with(".version 6.3\n.target sm_75\n"),
                "{program}"
            );
            assert_eq!(
                ptx.matches(".visible .entry ").count(),
                program.kernels().len()
            );
            for (name, parameters) in program.kernels() {
                let (_, entry) = ptx.split_once(&format!(".entry {name}(")).unwrap();
                let (declared, _) = entry.split_once(')').unwrap();
                let is_memory = |line: &str| line.starts_with(".param .u64");
                let declared: Vec<bool> = declared.trim().lines().map(is_memory).collect();
                assert_eq!(declared, parameters, "{program}: {name}");
                assert!(entry.contains(&format!(".maxntid {}, 1, 1", PROPERTIES.threads)));
            }
        }
    }
}
