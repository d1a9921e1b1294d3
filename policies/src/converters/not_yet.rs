//! The converters that HAProxy has and this table has not: the compiler says so instead of "unknown".

/// What a word waits for, where it is known; empty where it is not.
pub(crate) fn waits_for(name: &str) -> &'static str {
    match name {
        "51d.single" | "da-csv-conv" => "it needs the data base of a vendor",
        _ if name.starts_with("jwt_decrypt") => "tokens are verified, not decrypted",
        _ => "",
    }
}

/// Names from the HAProxy manual, section 7.3.1.
#[rustfmt::skip] // a list of words, as dense as it can be
pub static NOT_YET: &[&str] = &[
    "51d.single", "da-csv-conv", "jwt_decrypt_cert", "jwt_decrypt_jwk", "jwt_decrypt_secret",
];
