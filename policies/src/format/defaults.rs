//! The formats that HAProxy documents as those of its options, word for word (HAProxy manual, sections 8.2.2 to 8.2.5).

/// `option tcplog`
pub const TCP: &str = "%ci:%cp [%t] %ft %b/%s %Tw/%Tc/%Tt %B %ts %ac/%fc/%bc/%sc/%rc %sq/%bq";

/// `option tcplog clf`
pub const TCP_CLF: &str = "%{+Q}o %{-Q}ci - - [%T] \"TCP \" 000 %B \"\" \"\" %cp %ms %ft %b %s %Th %Tw %Tc %Tt %U \
%ts-- %ac %fc %bc %sc %rc %sq %bq \"\" \"\" ";

/// `option httplog`
pub const HTTP: &str = "%ci:%cp [%tr] %ft %b/%s %TR/%Tw/%Tc/%Tr/%Ta %ST %B %CC %CS %tsc %ac/%fc/%bc/%sc/%rc %sq/%bq \
%hr %hs %{+Q}r";

/// `option httplog clf`
pub const CLF: &str = "%{+Q}o %{-Q}ci - - [%trg] %r %ST %B \"\" \"\" %cp %ms %ft %b %s %TR %Tw %Tc %Tr %Ta %tsc %ac %fc \
%bc %sc %rc %sq %bq %CC %CS %hrl %hsl";

/// What section 8.2.5 gives for a connection that ended before it was a session, as far as there is no TLS.
pub const ERROR: &str = "%ci:%cp [%tr] %ft %ac/%fc";

/// The beginning of what is said of a connection that failed before it was a session (section 8.2.5).
pub const FAILED: &str = "%ci:%cp [%t] %f";

/// A proxy that logs without a format of its own (section 8.2.1).
pub const SHORT_HTTP: &str = "Connect from %ci:%cp to %fi:%fp (%f/HTTP)";

/// The same in TCP mode.
pub const SHORT_TCP: &str = "Connect from %ci:%cp to %fi:%fp (%f/TCP)";

/// `log-format json`: every field of the HTTP log under its name, one JSON object a line. Ours, not HAProxy's.
pub const JSON: &str = "%{+json}o %(client_ip)ci %(client_port)cp %(date)trl %(frontend)f %(backend)b %(server)s \
%(time_request)TR %(time_queue)Tw %(time_connect)Tc %(time_response)Tr %(time_active)Ta %(status)ST %(bytes)B \
%(termination_state)tsc %(connections)ac %(frontend_connections)fc %(backend_connections)bc %(server_connections)sc \
%(retries)rc %(server_queue)sq %(backend_queue)bq %(method)HM %(path)HU %(version)HV";
