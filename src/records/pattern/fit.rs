//! Whether a name fits a pattern, and where its fields are.

use super::{Span, Token};

/// The fields of a name that fits, by their numbers; `None` where it does not fit. Takes time by the product of both lengths.
pub(in crate::records) fn fit(tokens: &[Token], name: &[u8]) -> Option<Vec<(usize, Span)>> {
    let is_hidden = name.first() == Some(&b'.');
    if is_hidden && !matches!(tokens.first(), Some(Token::Byte(b'.') | Token::Class(_, false))) {
        return None;
    }
    let mut found = Vec::new();
    let mut failed = vec![false; tokens.len() * (name.len() + 1)];
    from(tokens, name, (0, 0), &mut failed, &mut found).then_some(found)
}

/// Fits the tokens from one on at a place. What failed once is not tried again.
fn from(
    tokens: &[Token],
    name: &[u8],
    (token, at): (usize, usize),
    failed: &mut [bool],
    found: &mut Vec<(usize, Span)>,
) -> bool {
    let Some(one) = tokens.get(token) else { return at == name.len() };
    let index = token * (name.len() + 1) + at;
    if failed.get(index).is_none_or(|failed| *failed) {
        return false;
    }
    let rest = name.get(at..).unwrap_or_default();
    let fits = match one {
        Token::Byte(byte) => {
            rest.first() == Some(byte) && from(tokens, name, (token + 1, at + 1), failed, found)
        }
        Token::One => {
            let step = character(rest);
            step > 0 && from(tokens, name, (token + 1, at + step), failed, found)
        }
        Token::Class(ranges, is_none) => {
            let is_in = |byte: u8| ranges.iter().any(|(first, last)| (*first..=*last).contains(&byte));
            rest.first().is_some_and(|&byte| is_in(byte) != *is_none)
                && from(tokens, name, (token + 1, at + 1), failed, found)
        }
        Token::Run => {
            (0..=rest.len()).rev().any(|length| from(tokens, name, (token + 1, at + length), failed, found))
        }
        Token::Field(field, is_number) => (1..=rest.len()).rev().any(|length| {
            let part = rest.get(..length).unwrap_or_default();
            if *is_number && !is_decimal(part) {
                return false;
            }
            let (Ok(start), Ok(length_16)) = (u16::try_from(at), u16::try_from(length)) else { return false };
            found.push((*field, (start, length_16)));
            let fits = from(tokens, name, (token + 1, at + length), failed, found);
            if !fits {
                found.pop();
            }
            fits
        }),
    };
    if !fits && let Some(failed) = failed.get_mut(index) {
        *failed = true;
    }
    fits
}

/// Bytes of the first character.
fn character(bytes: &[u8]) -> usize {
    match bytes.first() {
        None => 0,
        Some(0xc0..) => (1..bytes.len().min(4))
            .find(|&at| bytes.get(at).is_none_or(|byte| byte & 0xc0 != 0x80))
            .unwrap_or(bytes.len().min(4)),
        Some(_) => 1,
    }
}

/// A decimal number, with a sign and an exponent where there are any.
fn is_decimal(bytes: &[u8]) -> bool {
    let digits = |bytes: &[u8]| bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let unsigned = bytes.strip_prefix(b"-").or_else(|| bytes.strip_prefix(b"+")).unwrap_or(bytes);
    let whole = digits(unsigned);
    let rest = unsigned.get(whole..).unwrap_or_default();
    let (fraction, rest) = match rest.strip_prefix(b".") {
        None => (0, rest),
        Some(rest) => (digits(rest), rest.get(digits(rest)..).unwrap_or_default()),
    };
    let exponent = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E"));
    let is_whole = match exponent {
        None => rest.is_empty(),
        Some(exponent) => {
            let unsigned =
                exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
            !unsigned.is_empty() && digits(unsigned) == unsigned.len()
        }
    };
    whole + fraction > 0 && is_whole
}

#[cfg(test)]
mod tests {
    use super::super::{Name, Pattern};
    use super::*;

    fn fields(pattern: &str, name: &str) -> Option<Vec<String>> {
        let pattern = Pattern::parse(pattern).expect("a pattern");
        let parsed = |tokens: &Vec<Token>| {
            let mut found = fit(tokens, name.as_bytes())?;
            found.sort_unstable();
            let text = |(start, length): Span| name[start.into()..][..length.into()].to_owned();
            Some(found.into_iter().map(|(_, span)| text(span)).collect())
        };
        pattern.ways.iter().find_map(|way| match &way[0] {
            Name::Glob(tokens) => parsed(tokens),
            Name::Literal(literal) => (literal == name).then(Vec::new),
            Name::Deep => None,
        })
    }

    #[test]
    fn names_of_models_are_taken_apart() {
        let vic = "fluxes_{lat}_{lon}{.txt,}{.gz,}";
        for (pattern, name, wanted) in [
            (vic, "fluxes_48.1875_-120.6875", Some(vec!["48.1875", "-120.6875"])),
            (vic, "fluxes_-0.25_10.75.txt.gz", Some(vec!["-0.25", "10.75"])),
            (vic, "fluxes_5.0E-02_359.5.gz", Some(vec!["5.0E-02", "359.5"])),
            (vic, "fluxes_48.1875_-120.6875.bak", None),
            (vic, "run2_fluxes_1_2", None),
            ("*_{lat}_{lon}", "snow_band_48.1875_-120.6875", Some(vec!["48.1875", "-120.6875"])),
            ("{variable}_{lat}_{lon}", "run2_fluxes_1.5_2", Some(vec!["run2_fluxes", "1.5", "2"])),
            ("grd_{y}_{x}_*.csv", "grd_186_239_19790101_19801231.csv", Some(vec!["186", "239"])),
            ("{variable}.out{,.gz}", "lai.out.gz", Some(vec!["lai"])),
            ("{variable}.out", ".out", None),
            ("year={year}", "year=2001", Some(vec!["2001"])),
            ("[a-c]?[!x]", "bøy", Some(vec![])),
            ("[a-c]?[!x]", "bøx", None),
            ("*", ".hidden", None),
            (".*", ".hidden", Some(vec![])),
        ] {
            let wanted = wanted.map(|texts| texts.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(fields(pattern, name), wanted, "{pattern} {name}");
        }
    }

    /// What fits nowhere is known in time by the product of lengths.
    #[test]
    fn many_stars_take_no_time() {
        let name = "a".repeat(255);
        assert_eq!(fields(&format!("{}b", "*a".repeat(60)), &name), None);
    }
}
