//! The fetches that HAProxy has and this table has not: the compiler says so instead of "unknown".

/// What a word waits for, where it is known; empty where it is not.
pub(crate) fn waits_for(name: &str) -> &'static str {
    let streams = [
        "fs.",
        "bs.",
        "fc_nb_streams",
        "bc_nb_streams",
        "fc_glitches",
        "bc_glitches",
        "fc_settings",
        "bc_settings",
    ];
    match name {
        _ if name.starts_with("ssl_") => "it needs TLS",
        _ if streams.iter().any(|start| name.starts_with(start)) => "it needs HTTP/2",
        _ if name.starts_with("internal.htx") => "it looks into HAProxy's own form of messages",
        _ if name.starts_with("res.cache") => "it needs the cache",
        _ if name.starts_with("res.comp") => "it needs compression",
        _ if name.starts_with("51d") => "it needs the data base of a vendor",
        _ if name.starts_with("cpu_") || name.starts_with("lat_") => {
            "requests have no task of their own whose time could be told"
        }
        _ => "",
    }
}

/// Names from the HAProxy manual, sections 7.3.2 to 7.3.7.
#[rustfmt::skip] // a list of words, as dense as it can be
pub static NOT_YET: &[&str] = &[
    "51d.all", "bc_glitches", "bc_nb_streams",
    "bc_settings_streams_limit", "bs.aborted", "bs.debug_str", "bs.id", "bs.rst_code", "cpu_calls",
    "cpu_ns_avg", "cpu_ns_tot", "cpu_usage_grp", "cpu_usage_proc", "cpu_usage_thr",
    "fc_glitches", "fc_nb_streams", "fc_settings_streams_limit", "fs.aborted", "fs.debug_str",
    "fs.id", "fs.rst_code", "internal.htx.data", "internal.htx.free", "internal.htx.free_data",
    "internal.htx.has_eom", "internal.htx.nbblks", "internal.htx.size", "internal.htx.used",
    "internal.htx_blk.data", "internal.htx_blk.hdrname", "internal.htx_blk.hdrval", "internal.htx_blk.size",
    "internal.htx_blk.start_line", "internal.htx_blk.type", "lat_ns_avg", "lat_ns_tot",
    "res.cache_hit", "res.cache_name", "res.comp", "res.comp_algo", "ssl_bc",
    "ssl_bc_alg_keysize", "ssl_bc_alpn", "ssl_bc_cipher", "ssl_bc_client_early_traffic_secret",
    "ssl_bc_client_handshake_traffic_secret", "ssl_bc_client_random", "ssl_bc_client_traffic_secret_0",
    "ssl_bc_curve", "ssl_bc_early_exporter_secret", "ssl_bc_err", "ssl_bc_err_str",
    "ssl_bc_exporter_secret", "ssl_bc_is_resumed", "ssl_bc_npn", "ssl_bc_protocol",
    "ssl_bc_server_handshake_traffic_secret", "ssl_bc_server_random", "ssl_bc_server_traffic_secret_0",
    "ssl_bc_session_id", "ssl_bc_session_key", "ssl_bc_sni", "ssl_bc_unique_id", "ssl_bc_use_keysize",
    "ssl_c_ca_err", "ssl_c_ca_err_depth", "ssl_c_chain_der", "ssl_c_der", "ssl_c_err", "ssl_c_i_dn",
    "ssl_c_key_alg", "ssl_c_notafter", "ssl_c_notbefore", "ssl_c_policies", "ssl_c_r_dn", "ssl_c_s_dn",
    "ssl_c_san", "ssl_c_serial", "ssl_c_sha1", "ssl_c_sig_alg", "ssl_c_used", "ssl_c_verify",
    "ssl_c_version", "ssl_f_der", "ssl_f_i_dn", "ssl_f_key_alg", "ssl_f_notafter", "ssl_f_notbefore",
    "ssl_f_s_dn", "ssl_f_serial", "ssl_f_sha1", "ssl_f_sig_alg", "ssl_f_version", "ssl_fc",
    "ssl_fc_alg_keysize", "ssl_fc_alpn", "ssl_fc_cipher", "ssl_fc_cipherlist_bin", "ssl_fc_cipherlist_hex",
    "ssl_fc_cipherlist_str", "ssl_fc_cipherlist_xxh", "ssl_fc_client_early_traffic_secret",
    "ssl_fc_client_handshake_traffic_secret", "ssl_fc_client_random", "ssl_fc_client_traffic_secret_0",
    "ssl_fc_crtname", "ssl_fc_curve", "ssl_fc_early_exporter_secret", "ssl_fc_early_rcvd",
    "ssl_fc_ecformats_bin", "ssl_fc_eclist_bin", "ssl_fc_err", "ssl_fc_err_str", "ssl_fc_exporter_secret",
    "ssl_fc_extlist_bin", "ssl_fc_has_crt", "ssl_fc_has_early", "ssl_fc_has_sni", "ssl_fc_is_resumed",
    "ssl_fc_npn", "ssl_fc_protocol", "ssl_fc_protocol_hello_id", "ssl_fc_server_handshake_traffic_secret",
    "ssl_fc_server_random", "ssl_fc_server_traffic_secret_0", "ssl_fc_session_id", "ssl_fc_session_key",
    "ssl_fc_sigalgs_bin", "ssl_fc_sni", "ssl_fc_supported_versions_bin", "ssl_fc_unique_id",
    "ssl_fc_use_keysize", "ssl_s_chain_der", "ssl_s_der", "ssl_s_i_dn", "ssl_s_key_alg", "ssl_s_notafter",
    "ssl_s_notbefore", "ssl_s_s_dn", "ssl_s_serial", "ssl_s_sha1", "ssl_s_sig_alg", "ssl_s_version",
];
