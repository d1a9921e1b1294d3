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
