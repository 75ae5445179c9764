//! The text of an address: taken apart, and blotted out.

use super::error::{DatabaseError, Result};

/// Parameters an address may have behind its question mark.
const PARAMETERS: [&str; 13] = [
    "host",
    "port",
    "user",
    "password",
    "dbname",
    "passfile",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "connect_timeout",
    "application_name",
    "options",
];

/// The parts of an address, decoded.
pub(super) struct Address(Vec<(&'static str, String)>);

impl Address {
    pub fn parse(url: &str) -> Result<Self> {
        let rest = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .ok_or_else(|| DatabaseError::address("it does not start with postgres://"))?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if path.contains(['/', '@']) || query.contains('@') {
            return Err(DatabaseError::address(
                "in a name or password the characters / @ : ? & % # have to be written as %2F %40 %3A %3F %26 %25 %23",
            ));
        }
        let mut parts = Address(Vec::new());
        let (person, place) = match authority.rsplit_once('@') {
            Some((person, place)) => (person, place),
            None => ("", authority),
        };
        let (user, password) = person.split_once(':').unwrap_or((person, ""));
        parts.set("user", user)?;
        parts.set("password", password)?;
        let (host, port) = match place.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest
                    .split_once(']')
                    .ok_or_else(|| DatabaseError::address("the bracket of the host is not closed"))?;
                (host, port.strip_prefix(':').unwrap_or(port))
            }
            None => place.split_once(':').unwrap_or((place, "")),
        };
        parts.set("host", host)?;
        parts.set("port", port)?;
        parts.set("dbname", path)?;
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let known = PARAMETERS.iter().find(|&&known| known == key).ok_or_else(|| {
                // The key may be a part of a password that was not encoded.
                DatabaseError::address(format!("only these parameters are known: {}", PARAMETERS.join(", ")))
            })?;
            parts.set(known, value)?;
        }
        Ok(parts)
    }

    fn set(&mut self, key: &'static str, text: &str) -> Result<()> {
        if !text.is_empty() {
            self.0.retain(|(other, _)| *other != key);
            self.0.push((key, decode(text)?));
        }
        Ok(())
    }

    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(other, _)| *other == key).map(|(_, value)| value.as_str())
    }

    pub fn take(&mut self, key: &str) -> Option<String> {
        let at = self.0.iter().position(|(other, _)| *other == key)?;
        Some(self.0.swap_remove(at).1)
    }
}

fn decode(text: &str) -> Result<String> {
    let wrong = || DatabaseError::address("a % must be followed by two hexadecimal digits, and all be UTF-8");
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = rest.get(..2).and_then(|digits| std::str::from_utf8(digits).ok()).ok_or_else(wrong)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        rest = rest.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// An address without its password, however the address is written. For messages, logs and records of the command line.
///
/// What cannot be told from a password is blotted out as well: everything between the first colon and the last `@`, and every
/// parameter but those that are known to hold none. A text that is no address of a database comes back as it is.
pub fn redacted(url: &str) -> String {
    let lower = url.to_ascii_lowercase();
    let Some(scheme) = ["postgres:", "postgresql:"].iter().find(|scheme| lower.starts_with(*scheme)) else {
        return url.to_owned();
    };
    let (scheme, rest) = url.split_at_checked(scheme.len()).unwrap_or(("", url));
    let slashes = rest.len() - rest.trim_start_matches('/').len();
    let (slashes, rest) = rest.split_at_checked(slashes).unwrap_or(("", rest));
    let mut person = String::new();
    let mut place = rest;
    if let Some((before, after)) = rest.rsplit_once('@') {
        place = after;
        person = match before.split_once(':') {
            Some((user, _)) => format!("{user}:***@"),
            // A parameter before the last @ may be a password too.
            None if before.contains('?') => "***@".to_owned(),
            None => format!("{before}@"),
        };
    }
    let (place, query) = match place.split_once('?') {
        Some((place, query)) => (place, Some(query)),
        None => (place, None),
    };
    // Without an @ a user and a password look like a host and a port.
    let mut place = place.to_owned();
    let authority = place.split('/').next().unwrap_or_default();
    if !authority.starts_with('[')
        && let Some((host, port)) = authority.split_once(':')
        && !port.bytes().all(|byte| byte.is_ascii_digit())
    {
        place = format!("{host}:***");
    }
    let query = query.map_or_else(String::new, |query| {
        let blot = |parameter: &str| {
            let key = parameter.split('=').next().unwrap_or_default();
            match PARAMETERS.contains(&key) {
                true if key == "password" || key == "options" => format!("{key}=***"),
                true => parameter.to_owned(),
                false => "***".to_owned(),
            }
        };
        format!("?{}", query.split('&').map(blot).collect::<Vec<_>>().join("&"))
    });
    format!("{scheme}{slashes}{person}{place}{query}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_password_stays() {
        for url in [
            "postgres://me@host:5432/maps?sslmode=require",
            "postgresql://host/maps",
            "postgres:///maps?host=/run/x&user=me",
            "out/tables",
        ] {
            assert_eq!(redacted(url), url);
        }
        assert_eq!(
            redacted("postgres://me:secret@h/d?sslmode=prefer"),
            "postgres://me:***@h/d?sslmode=prefer"
        );
        assert_eq!(redacted("postgres://h/d?password=a&b"), "postgres://h/d?password=***&***");
        assert_eq!(redacted("postgres://h/d?sslmode=x&p%61ssword=a"), "postgres://h/d?sslmode=x&***");
    }

    proptest! {
        /// A password never shows, written as it should be or not, and neither in errors.
        #[test]
        fn a_password_never_shows(password in "[ -~]{1,12}", place in 0usize..5) {
            // Without a host behind it, an @ cannot be told from the one before the host.
            let secret = format!("<{}>", if place == 4 { password.replace('@', "") } else { password });
            let url = match place {
                0 => format!("postgres://me:{secret}@host:5432/maps?sslmode=disable"),
                1 => format!("postgresql://me:{}@host/maps", encode(&secret)),
                2 => format!("postgres://me@host/maps?sslmode=disable&password={}", encode(&secret)),
                3 => format!("PostgreS://me:{secret}@host"),
                _ => format!("postgres://me:{secret}"),
            };
            let shown = redacted(&url);
            prop_assert!(!shown.contains(&secret) && !shown.contains(&encode(&secret)), "{}", shown);
            // Any piece of it would be too much.
            prop_assert!(!shown.contains('<') && !shown.contains('>') && !shown.contains("%3"), "{}", shown);
            if let Err(error) = Address::parse(&url) {
                let text = format!("{error} {error:?}");
                prop_assert!(!text.contains(&secret), "{}", text);
            }
        }

        /// What is encoded comes back.
        #[test]
        fn decoding_undoes_encoding(text in "\\PC{0,20}") {
            prop_assert_eq!(decode(&encode(&text)).expect("encoded text"), text);
        }

        /// No text breaks the parser.
        #[test]
        fn any_text_is_parsed_or_refused(text in "(postgres://)?[ -~é]{0,40}") {
            let _ = Address::parse(&text);
            let _ = redacted(&text);
        }
    }
}
