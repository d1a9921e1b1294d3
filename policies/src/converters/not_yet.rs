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
    "51d.single", "capture-req", "capture-res", "da-csv-conv", "in_table", "jwt_decrypt_cert",
    "jwt_decrypt_jwk", "jwt_decrypt_secret", "map", "map_beg", "map_beg_int", "map_beg_ip", "map_beg_key",
    "map_beg_str", "map_dir", "map_dir_int", "map_dir_ip", "map_dir_key", "map_dir_str", "map_dom",
    "map_dom_int", "map_dom_ip", "map_dom_key", "map_dom_str", "map_end", "map_end_int", "map_end_ip",
    "map_end_key", "map_end_str", "map_int", "map_int_int", "map_int_ip", "map_int_key", "map_int_str",
    "map_ip", "map_ip_int", "map_ip_ip", "map_ip_key", "map_ip_str", "map_reg", "map_reg_int", "map_reg_ip",
    "map_reg_key", "map_reg_str", "map_regm", "map_str", "map_str_int", "map_str_ip", "map_str_key",
    "map_str_str", "map_sub", "map_sub_int", "map_sub_ip", "map_sub_key", "map_sub_str",
    "table_bytes_in_rate", "table_bytes_out_rate", "table_clr_gpc", "table_clr_gpc0", "table_clr_gpc1",
    "table_conn_cnt", "table_conn_cur", "table_conn_rate", "table_expire", "table_glitch_cnt",
    "table_glitch_rate", "table_gpc", "table_gpc0", "table_gpc0_rate", "table_gpc1", "table_gpc1_rate",
    "table_gpc_rate", "table_gpt", "table_gpt0", "table_http_err_cnt", "table_http_err_rate",
    "table_http_fail_cnt", "table_http_fail_rate", "table_http_req_cnt", "table_http_req_rate",
    "table_idle", "table_inc_gpc", "table_inc_gpc0", "table_inc_gpc1", "table_kbytes_in",
    "table_kbytes_out", "table_server_id", "table_sess_cnt", "table_sess_rate", "table_trackers",
];
