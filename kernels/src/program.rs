//! Which kernels are compiled together.

use crate::Properties;
use proofmill_field::{CurveId, FieldId, Group};
use std::fmt;

/// What is compiled at a time: the kernels of a field, those of a group, or those that know neither.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Program {
    /// Transforms and pointwise steps over a field; of a field of several limbs also the recoding of
    /// scalars.
    Field(FieldId),
    /// Sums of points.
    Group(CurveId, Group),
    /// Sorting of digits, sums of counts.
    Sort,
}

macro_rules! files {
    ($($file:literal),*) => { &[$(include_str!(concat!("../cl/", $file))),*] };
}

const LARGE: &[&str] = files!("carry.h", "large.h");

/// The generated header of a field.
pub(crate) fn header(field: FieldId) -> &'static str {
    match field {
        FieldId::Bn254Fr => include_str!("../generated/bn254_fr.h"),
        FieldId::Bn254Fq => include_str!("../generated/bn254_fq.h"),
        FieldId::Bls12_381Fr => include_str!("../generated/bls12_381_fr.h"),
        FieldId::Bls12_381Fq => include_str!("../generated/bls12_381_fq.h"),
        FieldId::Bls12_377Fr => include_str!("../generated/bls12_377_fr.h"),
        FieldId::Bls12_377Fq => include_str!("../generated/bls12_377_fq.h"),
        FieldId::Goldilocks => include_str!("../generated/goldilocks.h"),
        FieldId::BabyBear => include_str!("../generated/babybear.h"),
        FieldId::KoalaBear => include_str!("../generated/koalabear.h"),
    }
}

impl Program {
    /// Every program.
    pub fn all() -> Vec<Program> {
        let groups = CurveId::ALL.into_iter().flat_map(|curve| {
            let groups = curve.spec().groups().iter();
            groups.map(move |group| Program::Group(curve, *group))
        });
        let fields = FieldId::ALL.into_iter().map(Program::Field);
        fields.chain(groups).chain([Program::Sort]).collect()
    }

    /// The files, in order.
    fn parts(self) -> Vec<&'static str> {
        let mut parts = vec![include_str!("../cl/dialect.h")];
        match self {
            Program::Field(field) => {
                parts.push(header(field));
                match field.spec().bytes {
                    4 => parts.extend(files!("word.h")),
                    8 => parts.extend(files!("goldilocks.h")),
                    _ => parts.extend(LARGE),
                }
                parts.extend(files!("pointwise.cl", "ntt.cl", "product.cl"));
                if field.spec().limbs() > 1 {
                    parts.extend(files!("recode.cl"));
                }
            }
            Program::Group(curve, group) => {
                parts.push(header(curve.spec().base.id));
                parts.push(match group {
                    Group::G1 => "#define DEGREE 1\n",
                    Group::G2 => "#define DEGREE 2\n",
                });
                parts.extend(LARGE);
                parts.extend(files!("coordinate.h", "point.h", "sum.cl"));
            }
            Program::Sort => parts.extend(files!("sort.cl")),
        }
        parts
    }

    /// The whole source in one piece; of the compiler it wants [`Program::defines`].
    pub fn source(self) -> String {
        self.parts().concat()
    }

    /// What a compiler must define for a machine.
    pub fn defines(self, properties: &Properties) -> Vec<String> {
        let mut defines = vec![format!("-DTHREADS={}", properties.threads)];
        if let Program::Field(field) = self {
            let log_tile = properties.log_tile(field.spec().bytes);
            defines.push(format!("-DLOG_TILE={log_tile}"));
        }
        defines
    }

    /// A name for its files, such as `bn254_g1`.
    pub fn file_stem(self) -> String {
        match self {
            Program::Field(field) => field.to_string(),
            Program::Group(curve, group) => format!("{curve}_{group}").to_lowercase(),
            Program::Sort => "sort".into(),
        }
    }

    /// The names of its kernels, and of each parameter whether it is memory (or a number). With every number
    /// zero none of them reads memory, and at most the first word of it is written.
    pub fn kernels(self) -> Vec<(&'static str, Vec<bool>)> {
        let declared = |part: &'static str| part.split("\nKERNEL ").skip(1);
        let kernel = |text: &'static str| {
            let (name, rest) = text.split_once('(')?;
            let (parameters, _) = rest.split_once(')')?;
            Some((
                name,
                parameters
                    .split(',')
                    .map(|p| p.contains("GLOBAL"))
                    .collect(),
            ))
        };
        self.parts()
            .into_iter()
            .flat_map(declared)
            .filter_map(kernel)
            .collect()
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Program::Field(field) => write!(f, "kernels over {field}"),
            Program::Group(curve, group) => write!(f, "kernels over {curve} {group}"),
            Program::Sort => f.write_str("kernels that sort"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::constants;

    #[test]
    fn the_generated_headers_are_those_of_host_field() {
        for field in FieldId::ALL {
            assert_eq!(
                header(field),
                constants::header(field),
                "run `make kernels`"
            );
        }
    }

    #[test]
    fn kernels_are_found_with_their_parameters() {
        let sort = Program::Sort.kernels();
        let names: Vec<&str> = sort.iter().map(|(name, _)| *name).collect();
        assert_eq!(
            names,
            [
                "digits_count",
                "digits_place",
                "scan_runs",
                "scan_add",
                "fill_words"
            ]
        );
        assert_eq!(sort[4].1, [true, false, false]);
        for program in Program::all() {
            let declared = program.source().matches("\nKERNEL ").count();
            assert_eq!(program.kernels().len(), declared, "{program}");
        }
    }

    #[test]
    fn no_name_is_reserved_in_opencl_c() {
        // beside C's keywords, which every compiler refuses (OpenCL C 1.2, 6.1 and 6.9)
        let reserved = "half kernel global local constant private event_t sampler_t image2d_t image3d_t \
            image1d_t read_only write_only read_write pipe generic complex imaginary quad uniform barrier \
            bool2 half2 bool3 half3 bool4 half4 kernel_exec vec_step as_type restrict";
        for program in Program::all() {
            let source = program.source();
            // the dialect's own header may use them
            let (_, ours) = source.split_once("/* i with its lowest").unwrap();
            let without_comments = ours.split("/*").map(|part| match part.split_once("*/") {
                Some((_, code)) => code,
                None => part,
            });
            for code in without_comments {
                let mut names = code.split(|c: char| !c.is_alphanumeric() && c != '_');
                let bad = names.find(|name| reserved.split_whitespace().any(|word| word == *name));
                assert_eq!(bad, None, "{program}");
            }
        }
    }
}
