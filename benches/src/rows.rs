//! What has to be reached: the floors of the rows, as ratios to a peer.

/// Which instructions the product runs on, and so which floors count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Floors {
    /// AVX-512 with the 52-bit multiply-add.
    Ifma,
    /// A runtime of OpenCL on the cores.
    OpenCl,
    /// Anything else: never slower than arkworks and Plonky3, and sums a third faster.
    Other,
}

/// A floor of a row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Floor {
    /// How a peer's name begins: the fastest such one counts. Empty: any peer.
    pub peer: &'static str,
    /// Ratio (their time over ours) below which the gate is shut.
    pub least: f64,
    /// Ratio to strive for.
    pub stretch: f64,
}

/// Row, peer, floor and stretch with AVX-512 IFMA, on one thread (whole proofs: on two).
const IFMA: [(&str, &str, f64, f64); 20] = [
    ("msm/bn254-g1/2^16", "arkworks", 10.0, 13.0),
    ("msm/bn254-g1/2^18", "arkworks", 10.0, 13.0),
    ("msm/bls12_381-g1/2^16", "blst", 4.5, 6.0),
    ("msm/bls12_381-g1/2^18", "blst", 4.5, 6.0),
    ("msm/bls12_377-g1/2^16", "arkworks", 6.0, 8.0),
    ("msm/bn254-g2/2^16", "arkworks", 9.0, 12.0),
    ("msm/bls12_381-g2/2^16", "arkworks", 6.0, 8.0),
    ("ntt/bn254_fr/2^16", "arkworks", 9.5, 13.0),
    ("ntt/bn254_fr/2^20", "arkworks", 9.5, 13.0),
    ("ntt/babybear/2^20", "plonky3", 4.5, 6.0),
    ("ntt/koalabear/2^20", "plonky3", 4.5, 6.0),
    ("ntt/goldilocks/2^20", "plonky3", 4.0, 7.0),
    ("ntt-bitrev/babybear/2^20", "plonky3", 1.0, 1.0),
    ("ntt-bitrev/koalabear/2^20", "plonky3", 1.0, 1.0),
    ("ntt-bitrev/goldilocks/2^20", "plonky3", 1.0, 1.0),
    ("lde/babybear/2^18x64", "plonky3", 1.7, 3.0),
    ("lde/koalabear/2^18x64", "plonky3", 1.7, 3.0),
    ("lde/goldilocks/2^18x64", "plonky3", 1.5, 3.0),
    // (CPU of an arkworks prover, 1.15 s and 0.40 s, over two threads) / (0.11 s and 0.055 s)
    ("groth16/poseidon140/whole", "arkworks", 5.2, 7.2),
    ("groth16/sha256_2/whole", "arkworks", 3.6, 5.0),
];

/// The same for OpenCL on the cores by PoCL: 3.2 and 3 times arkworks' time; anything goes elsewhere.
const OPENCL: [(&str, &str, f64, f64); 3] = [
    ("ntt/bn254_fr/2^16", "arkworks", 1.0 / 3.2, 1.0 / 2.7),
    ("ntt/bn254_fr/2^18", "arkworks", 1.0 / 3.2, 1.0 / 2.7),
    ("msm/bn254-g1/2^16", "arkworks", 1.0 / 3.0, 1.0 / 3.0),
];

/// The floor of a row such as `msm/bn254-g1/2^16`; of one that is not listed, not to be slower than
/// any peer.
pub fn floor(floors: Floors, row: &str) -> Option<Floor> {
    let table = match floors {
        Floors::Ifma => Some((&IFMA[..], ("", "", 1.0, 1.0))),
        Floors::OpenCl => Some((&OPENCL[..], ("", "", 0.0, 0.0))),
        Floors::Other => None,
    };
    if let Some((table, otherwise)) = table {
        let known = table.iter().find(|(known, ..)| *known == row);
        let (_, peer, least, stretch) = *known.unwrap_or(&otherwise);
        return Some(Floor {
            peer,
            least,
            stretch,
        });
    }
    let kernel = row.split('/').next()?;
    let small = ["babybear", "koalabear", "goldilocks"]
        .iter()
        .any(|f| row.contains(f));
    let (least, stretch) = if kernel == "msm" {
        (1.3, 1.5)
    } else {
        (1.0, 1.0)
    };
    Some(Floor {
        peer: if small { "plonky3" } else { "arkworks" },
        least,
        stretch,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_depend_on_the_instructions() {
        let row = "msm/bn254-g1/2^16";
        assert_eq!(floor(Floors::Ifma, row).map(|f| f.least), Some(10.0));
        assert_eq!(floor(Floors::Other, row).map(|f| f.least), Some(1.3));
        let unlisted = floor(Floors::Ifma, "msm/bn254-g1/2^12");
        assert_eq!(unlisted.map(|f| (f.peer, f.least)), Some(("", 1.0)));
        let small = floor(Floors::Other, "ntt/koalabear/2^16");
        assert_eq!(small.map(|f| f.peer), Some("plonky3"));
    }
}
