//! How many decimals each currency has.

/// Active currencies of ISO 4217 (list one) with two decimals.
const TWO: &[u8] = b"AEDAFNALLAMDAOAARSAUDAWGAZNBAMBBDBDTBGNBMDBNDBOBBOVBRLBSDBTNBWPBYNBZDCADCDFCHECHFCHWCNYCOP\
COUCRCCUPCVECZKDKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYDHKDHNLHTGHUFIDRILSINRIRRJMDKESKGSKHRKPWKYDKZTLAKLBPLKR\
LRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZNNADNGNNIONOKNPRNZDPABPENPGKPHPPKRPLNQARRONRSDRUBSARSBDSCRSDGSEKSGD\
SHPSLESOSSRDSSPSTNSVCSYPSZLTHBTJSTMTTOPTRYTTDTWDTZSUAHUSDUSNUYUUZSVEDVESWSTXADXCDXCGYERZARZMWZWG";
const NONE: &[u8] = b"BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF";
const THREE: &[u8] = b"BHDIQDJODKWDLYDOMRTND";
const FOUR: &[u8] = b"CLFUYW";

/// The code in upper case, if it is three letters.
pub(super) fn code(currency: &str) -> Option<[u8; 3]> {
    let code: [u8; 3] = currency.as_bytes().try_into().ok()?;
    code.iter().all(u8::is_ascii_alphabetic).then(|| code.map(|letter| letter.to_ascii_uppercase()))
}

/// The decimals between the minor and the major unit.
pub(super) fn decimals(code: [u8; 3]) -> Option<u32> {
    [(TWO, 2), (NONE, 0), (THREE, 3), (FOUR, 4)]
        .into_iter()
        .find(|(codes, _)| codes.as_chunks::<3>().0.contains(&code))
        .map(|(_, decimals)| decimals)
}

/// The same of a code as it is written.
#[cfg(feature = "dashboard")]
pub(crate) fn decimals_of(currency: &str) -> Option<u32> {
    decimals(code(currency)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_once_and_whole() {
        let mut all: Vec<_> = [TWO, NONE, THREE, FOUR]
            .iter()
            .flat_map(|codes| {
                let (whole, rest) = codes.as_chunks::<3>();
                assert!(rest.is_empty());
                whole.iter().copied()
            })
            .collect();
        let count = all.len();
        assert!(all.iter().flatten().all(u8::is_ascii_uppercase));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        assert_eq!(decimals(*b"USD"), Some(2));
        // Not a code, though its letters stand next to each other in the list.
        assert_eq!(decimals(*b"EDA"), None);
    }
}
