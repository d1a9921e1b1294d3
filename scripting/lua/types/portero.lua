---@meta
-- Made from the rows that register the functions: `UPDATE_DOCS=1 cargo test -p portero-lua`.

---registers functions, logs, waits, and knows the proxies
---@class core
---@field silent integer log level -1: no line
---@field emerg integer log level 0
---@field alert integer log level 1
---@field crit integer log level 2
---@field err integer log level 3
---@field warning integer log level 4
---@field notice integer log level 5
---@field info integer log level 6
---@field debug integer log level 7
---@field thread integer the number of the thread; 0 in the state that all threads share
---@field shared Shared what all threads have in common, and what outlives a reload
---@field proxies table<string, Proxy> all proxies by name
---@field frontends table<string, Proxy> those that clients connect to
---@field backends table<string, Proxy> those that have servers
---@field tables table<string, StickTable> all stick tables: of proxies, and `PEERS/NAME`
core = {}

---makes a function an action: `http-request lua.NAME ARG...`
---@param name string
---@param rules string[]
---@param func fun(txn: TXN, ...: string): integer?
---@param nb_args? integer
function core.register_action(name, rules, func, nb_args) end

---makes a function a fetch: `lua.NAME(ARG,...)`
---@param name string
---@param func fun(txn: TXN, ...: string): any
function core.register_fetches(name, func) end

---makes a function a converter: `,lua.NAME(ARG,...)`
---@param name string
---@param func fun(value: any, ...: string): any
function core.register_converters(name, func) end

---makes a function a service: `use-service lua.NAME`; the mode is `http` or `tcp`
---@param name string
---@param mode string
---@param func fun(applet: AppletHTTP|AppletTCP)
function core.register_service(name, mode, func) end

---makes a function a verb of the runtime API; it gets the words of the line, those of the path among them
---@param path string[]
---@param usage string
---@param func fun(applet: AppletTCP, ...: string)
function core.register_cli(path, usage, func) end

---calls a function when the state ends: behind a reload, once the last request has left it
---@param func fun()
function core.on_unload(func) end

---calls a function when the configuration is put to use
---@param func fun()
function core.register_init(func) end

---runs a function beside the traffic
---@param func fun(...: any)
---@param ... any
function core.register_task(func, ...) end

---makes a function a balancer: `balance lua.NAME`
---@param name string
---@param func fun(txn: TXN, servers: Server[]): Server?
---@param told? { released?: fun(server: Server, outcome: string, status?: integer), servers_changed?: fun(servers: Server[]) }
function core.register_balancer(name, func, told) end

---makes a function a health check: `check lua.NAME`
---@param name string
---@param func fun(server: Server, dial: fun(): Socket?): boolean|string|table
function core.register_check(name, func) end

---makes a class of callbacks a filter: `filter lua.NAME ARG...`
---@param name string
---@param flt table
---@param func fun(flt: table, args: string[]): table?
function core.register_filter(name, flt, func) end

---makes a function that rewrites request bodies a filter, by piece or whole: `filter lua.NAME`
---@param name string
---@param func fun(txn: TXN, body: string, last: boolean): string?
---@param how? { whole?: boolean, max?: integer }
function core.on_request_body(name, func, how) end

---the same for response bodies
---@param name string
---@param func fun(txn: TXN, body: string, last: boolean): string?
---@param how? { whole?: boolean, max?: integer }
function core.on_response_body(name, func, how) end

---writes a log line
---@param level integer
---@param message string
function core.log(level, message) end

---writes a log line of level debug
---@param message string
function core.Debug(message) end

---writes a log line of level info
---@param message string
function core.Info(message) end

---writes a log line of level warning
---@param message string
function core.Warning(message) end

---writes a log line of level alert
---@param message string
function core.Alert(message) end

---ends the script here
function core.done() end

---waits for seconds
---@param seconds integer
function core.sleep(seconds) end

---waits for milliseconds
---@param milliseconds integer
function core.msleep(milliseconds) end

---lets others have their turn
function core.yield() end

---a text that is put together from many pieces
---@return Concat
function core.concat() end

---the parts of a text between any of the separators; without empty ones where `noblank` is true
---@param text string
---@param separators string
---@param noblank? boolean
---@return string[]
function core.tokenize(text, separators, noblank) end

---the time since 1970
---@return { sec: integer, usec: integer }
function core.now() end

---a date of any of the three forms, in seconds since 1970
---@param date string
---@return integer?
function core.http_date(date) end

---`Sun, 06 Nov 1994 08:49:37 GMT` in seconds since 1970
---@param date string
---@return integer?
function core.imf_date(date) end

---`Sunday, 06-Nov-94 08:49:37 GMT` in seconds since 1970
---@param date string
---@return integer?
function core.rfc850_date(date) end

---`Sun Nov  6 08:49:37 1994` in seconds since 1970
---@param date string
---@return integer?
function core.asctime_date(date) end

---an address or network: `127.0.0.1/8`
---@param address string
---@return userdata?
function core.parse_addr(address) end

---whether one network lies in the other
---@param one userdata
---@param other userdata
---@return boolean
function core.match_addr(one, other) end

---nothing: tasks and sessions have no priorities here, as with the rule `set-nice`
---@param nice integer
function core.set_nice(nice) end

---the facts of `show info` by name
---@return table<string, any>
function core.get_info() end

---a variable of the process
---@param name string
---@return any
function core.get_var(name) end

---refused: there are no mailers sections
function core.use_native_mailers_config() end

---a socket that is to be connected: a connection of the script's own
---@return Socket
function core.tcp() end

---something to ask HTTP servers with
---@return HTTPClient
function core.httpclient() end

---adds an entry or changes its value
---@param name string
---@param key string
---@param value string
function core.set_map(name, key, value) end

---takes entries out of a map
---@param name string
---@param key string
function core.del_map(name, key) end

---adds a pattern unless it is there
---@param name string
---@param key string
function core.add_acl(name, key) end

---takes patterns out of a list
---@param name string
---@param key string
function core.del_acl(name, key) end

---a map or an ACL list by its name
---@param name string
---@return Patref
function core.get_patref(name) end

---calls a function when something happens to servers or the process
---@param types string[]
---@param func fun(event: string, data: table, sub: EventSub, when: integer)
---@return EventSub
function core.event_sub(types, func) end

---a new queue
---@return Queue
function core.queue() end

---waits for an alarm, at most so long
---@param milliseconds? integer
function core.wait(milliseconds) end

---what an action may return
---@class act
---@field CONTINUE integer goes on with the next rule; what an action without a result means
---@field STOP integer ends this set of rules
---@field YIELD integer comes back to the same rule later
---@field ERROR integer an internal error: 500
---@field DONE integer the message is dealt with
---@field DENY integer refuses: 403 for a request, 502 for a response
---@field ABORT integer ends the transaction without a reply
---@field INVALID integer the message is invalid: 400 for a request, 502 for a response
act = {}

---when an action that answers act.YIELD is called again at the latest
---@param milliseconds integer
function act:wake_time(milliseconds) end

---a transaction: one request and its response, or one TCP session
---@class TXN
---@field f Fetches all fetches as functions, with typed values
---@field sf Fetches the same, with strings
---@field c Converters all converters as functions, with typed values
---@field sc Converters the same, with strings
---@field http HTTP the heads of request and response
---@field req Channel what comes from the client: in filters, and to look at in rules of TCP
---@field res Channel the same of the server
local TXN = {}

---sets a variable
---@param var string
---@param value any
---@param ifexist? boolean
---@return boolean
function TXN:set_var(var, value, ifexist) end

---the value of a variable, or nil
---@param var string
---@return any
function TXN:get_var(var) end

---unsets a variable
---@param var string
function TXN:unset_var(var) end

---keeps a value with the transaction
---@param data any
function TXN:set_priv(data) end

---the value that was kept
---@return any
function TXN:get_priv() end

---writes a log line
---@param level integer
---@param message string
function TXN:log(level, message) end

---writes a log line of the usual level
---@param message string
function TXN:deflog(message) end

---writes a log line of level debug
---@param message string
function TXN:Debug(message) end

---writes a log line of level info
---@param message string
function TXN:Info(message) end

---writes a log line of level warning
---@param message string
function TXN:Warning(message) end

---writes a log line of level alert
---@param message string
function TXN:Alert(message) end

---ends the transaction, with a reply or without
---@param reply? Reply
function TXN:done(reply) end

---a reply to be filled, from a table of its parts
---@param reply? table
---@return Reply
function TXN:reply(reply) end

---the level of the transaction's log line; -1 for none
---@param level integer
function TXN:set_loglevel(level) end

---its class in queues, -2047 to 2047: the lower, the sooner
---@param class integer
function TXN:set_priority_class(class) end

---its offset in queues in milliseconds, -524287 to 524287
---@param offset integer
function TXN:set_priority_offset(offset) end

---in actions: the type of service of packets to the client
---@param tos integer
function TXN:set_fc_tos(tos) end

---in actions: the mark of packets to the client, for the packet filter
---@param mark integer
function TXN:set_fc_mark(mark) end

---the older name of set_fc_tos
---@param tos integer
function TXN:set_tos(tos) end

---the older name of set_fc_mark
---@param mark integer
function TXN:set_mark(mark) end

---the heads of request and response
---@class HTTP
local HTTP = {}

---the request's fields by name, values from index 0
---@return table<string, table<integer, string>>
function HTTP:req_get_headers() end

---the response's fields by name, values from index 0
---@return table<string, table<integer, string>>
function HTTP:res_get_headers() end

---adds a field to the request
---@param name string
---@param value string
function HTTP:req_add_header(name, value) end

---adds a field to the response
---@param name string
---@param value string
function HTTP:res_add_header(name, value) end

---removes all fields of a name
---@param name string
function HTTP:req_del_header(name) end

---removes all fields of a name
---@param name string
function HTTP:res_del_header(name) end

---replaces all fields of a name
---@param name string
---@param value string
function HTTP:req_set_header(name, value) end

---replaces all fields of a name
---@param name string
---@param value string
function HTTP:res_set_header(name, value) end

---changes the method
---@param method string
function HTTP:req_set_method(method) end

---changes the path, keeps the query
---@param path string
function HTTP:req_set_path(path) end

---changes the query, keeps the path
---@param query string
function HTTP:req_set_query(query) end

---changes the whole target
---@param uri string
function HTTP:req_set_uri(uri) end

---changes the status of the response
---@param status integer
---@param reason? string
function HTTP:res_set_status(status, reason) end

---replaces the request's fields of a name that match; `\1` is what the first group matched
---@param name string
---@param regex string
---@param replace string
function HTTP:req_rep_header(name, regex, replace) end

---replaces the response's fields of a name that match
---@param name string
---@param regex string
---@param replace string
function HTTP:res_rep_header(name, regex, replace) end

---replaces the comma-separated values of the request's fields that match
---@param name string
---@param regex string
---@param replace string
function HTTP:req_rep_value(name, regex, replace) end

---replaces the comma-separated values of the response's fields that match
---@param name string
---@param regex string
---@param replace string
function HTTP:res_rep_value(name, regex, replace) end

---every fetch of the rule language as a function; dots and dashes of its name are underscores
---@class Fetches
local Fetches = {}

---every converter of the rule language as a function; dots and dashes of its name are underscores
---@class Converters
local Converters = {}

---a frontend, a backend, or both in one
---@class Proxy
---@field name string its name (get_name() is the newer way)
---@field uuid string its number (get_uuid() is the newer way)
---@field servers table<string, Server> its servers by name
---@field listeners table<string, Listener> its sockets by name
---@field stktable StickTable? its stick table
local Proxy = {}

---its name
---@return string
function Proxy:get_name() end

---its number
---@return string
function Proxy:get_uuid() end

---`frontend`, `backend` or `proxy`
---@return string
function Proxy:get_cap() end

---`http` or `tcp`
---@return string
function Proxy:get_mode() end

---active servers that can be used
---@return integer
function Proxy:get_srv_act() end

---backup servers that can be used
---@return integer
function Proxy:get_srv_bck() end

---its row of `show stat`
---@return table<string, any>
function Proxy:get_stats() end

---`disable frontend`
function Proxy:pause() end

---`enable frontend`
function Proxy:resume() end

---`shutdown frontend`
function Proxy:stop() end

---ends what is under way to its backup servers
function Proxy:shut_bcksess() end

---nothing: there are no mailers sections
---@return nil
function Proxy:get_mailers() end

---a server of a backend
---@class Server
---@field name string its name (get_name() is the newer way)
---@field puid string its number in the backend (get_puid() is the newer way)
local Server = {}

---its name
---@return string
function Server:get_name() end

---its number in the backend
---@return string
function Server:get_puid() end

---which server of that name it is: always 0
---@return integer
function Server:get_rid() end

---its backend
---@return Proxy?
function Server:get_proxy() end

---its address and port
---@return string
function Server:get_addr() end

---its weight now
---@return integer
function Server:get_weight() end

---its limit of sessions; 0: none
---@return integer
function Server:get_maxconn() end

---sessions under way
---@return integer
function Server:get_cur_sess() end

---requests that wait for it
---@return integer
function Server:get_pend_conn() end

---its row of `show stat`
---@return table<string, any>
function Server:get_stats() end

---whether it takes no new sessions
---@return boolean
function Server:is_draining() end

---whether it is a backup server
---@return boolean
function Server:is_backup() end

---whether it was added at run time
---@return boolean
function Server:is_dynamic() end

---the server that it tracks
---@return Server?
function Server:tracking() end

---the servers that track it
---@return Server[]
function Server:get_trackers() end

---`set server ... weight`
---@param weight string
---@return string?
function Server:set_weight(weight) end

---`set maxconn server`
---@param max string
---@return string?
function Server:set_maxconn(max) end

---`set server ... addr`; what was changed, or why not
---@param addr string
---@param port? string
---@return string
function Server:set_addr(addr, port) end

---`set server ... state ready`
function Server:set_ready() end

---`set server ... state drain`
function Server:set_drain() end

---`set server ... state maint`
function Server:set_maint() end

---ends what is under way to it
function Server:shut_sess() end

---lets its checks go on
function Server:check_enable() end

---pauses its checks
function Server:check_disable() end

---takes it for up until checks say otherwise
function Server:check_force_up() end

---lets it finish what it has
function Server:check_force_nolb() end

---takes it for down
function Server:check_force_down() end

---nothing: no server has an agent
function Server:agent_enable() end

---nothing: no server has an agent
function Server:agent_disable() end

---nothing: no server has an agent
function Server:agent_force_up() end

---nothing: no server has an agent
function Server:agent_force_down() end

---the same, for one server
---@param types string[]
---@param func fun(event: string, data: table, sub: EventSub, when: integer)
---@return EventSub
function Server:event_sub(types, func) end

---a connection of the script's own, after LuaSocket
---@class Socket
local Socket = {}

---connects: to a host and port, `host:port`, a path or `unix@`, `abns@`, `ipv4@`, `ipv6@`; 1, or nil and why not
---@param address string
---@param port? integer
---@return integer?
---@return string?
function Socket:connect(address, port) end

---the same over TLS; not there yet
---@param address string
---@param port? integer
---@return integer?
---@return string?
function Socket:connect_ssl(address, port) end

---sends a text or a part of it; the index of the last byte sent, or nil, why not and that index
---@param data string
---@param first? integer
---@param last? integer
---@return integer?
---@return string?
---@return integer?
function Socket:send(data, first, last) end

---reads a line (`*l`), up to the end (`*a`) or so many bytes; nil, `closed` or `timeout` and what came, else
---@param pattern? string|integer
---@param prefix? string
---@return string?
---@return string?
---@return string?
function Socket:receive(pattern, prefix) end

---the longest wait for the peer; nil: no limit
---@param seconds? number
---@param mode? string
---@return integer
function Socket:settimeout(seconds, mode) end

---there for scripts that call it; sets nothing
---@param option string
---@param value? any
---@return integer
function Socket:setoption(option, value) end

---the other end: `127.0.0.1:80`
---@return string?
function Socket:getpeername() end

---this end: `127.0.0.1:80`
---@return string?
function Socket:getsockname() end

---closes the connection
---@return integer
function Socket:close() end

---a long text made of many pieces, each of which is copied once
---@class Concat
local Concat = {}

---adds a piece
---@param text string
function Concat:add(text) end

---all pieces as one text
---@return string
function Concat:dump() end

---a regular expression, matched in linear time
---@class Regex
Regex = {}

---true and the compiled expression, or false and what is wrong with it
---@param regex string
---@param case_sensitive? boolean
---@return boolean
---@return Regex|string
function Regex.new(regex, case_sensitive) end

---whether it matches
---@param text string
---@return boolean
function Regex:exec(text) end

---whether it matches; what matched as a whole, and of each group
---@param text string
---@return boolean
---@return string[]
function Regex:match(text) end

---a reply that a script puts together for `txn:done`
---@class Reply
---@field status integer the status code, 200 unless set
---@field reason string the reason phrase; that of the status unless set
---@field headers table<string, string[]> header fields: lists of values by name
---@field body string the body
local Reply = {}

---sets status and reason phrase
---@param status integer
---@param reason? string
function Reply:set_status(status, reason) end

---adds a header field
---@param name string
---@param value string
function Reply:add_header(name, value) end

---removes all header fields of a name
---@param name string
function Reply:del_header(name) end

---sets the body
---@param body? string
function Reply:set_body(body) end

---certificates in memory; comes with TLS
---@class CertCache
CertCache = {}

---changes a certificate in memory; not there yet
---@param certificate table
function CertCache.set(certificate) end

---certificates from an ACME server; comes with TLS
---@class ACME
ACME = {}

---says that a challenge is ready; not there yet
---@param crt string
---@param dns string
---@return integer
function ACME.challenge_ready(crt, dns) end

---what all threads have in common, and what outlives a reload
---@class Shared
local Shared = {}

---the counter of a name, 0 in the beginning
---@param name string
---@return SharedCounter
function Shared.counter(name) end

---the dictionary of a name, with 65536 entries at the most unless `max` says otherwise
---@param name string
---@param options? { max?: integer }
---@return SharedDict
function Shared.dict(name, options) end

---a whole number that all threads count with, without a lock
---@class SharedCounter
local SharedCounter = {}

---the number
---@return integer
function SharedCounter:get() end

---adds 1, or so much; the new number
---@param by? integer
---@return integer
function SharedCounter:add(by) end

---sets it; the number before
---@param value integer
---@return integer
function SharedCounter:set(value) end

---booleans, numbers and texts by key for all threads; entries may expire
---@class SharedDict
local SharedDict = {}

---the value of a key
---@param key string
---@return boolean|number|string|nil
function SharedDict:get(key) end

---sets a value, for so many seconds; nil removes it; nil and `full`, where there is no room
---@param key string
---@param value boolean|number|string|nil
---@param ttl? number
---@return boolean?
---@return string?
function SharedDict:set(key, value, ttl) end

---the same where there is no value; nil and `exists` where there is
---@param key string
---@param value boolean|number|string
---@param ttl? number
---@return boolean?
---@return string?
function SharedDict:add(key, value, ttl) end

---adds to a whole number, which begins with `first` (0) and lives for `ttl` from then; the new one
---@param key string
---@param by? integer
---@param first? integer
---@param ttl? number
---@return integer?
---@return string?
function SharedDict:incr(key, by, first, ttl) end

---removes a value; whether there was one
---@param key string
---@return boolean
function SharedDict:delete(key) end

---keys, 1024 of them or so many at the most
---@param most? integer
---@return string[]
function SharedDict:keys(most) end

---how many entries there are
---@return integer
function SharedDict:len() end

---where a script is; what would change how it runs is refused
---@class debug
debug = {}

---a message and where the script is
---@param message? any
---@param level? integer
---@return any
function debug.traceback(message, level) end

---what is known of a function, or of the one so many calls up: source, lines, names
---@param where integer|function
---@param what? string
---@return table?
function debug.getinfo(where, what) end

---the metatable, even where it is hidden
---@param table table
---@return table?
function debug.getmetatable(table) end

---there is none of a script's
---@return nil
function debug.gethook() end

---not supported: the budget of scripts is kept by the hook
---@param ... any
function debug.sethook(...) end

---not supported
---@param ... any
function debug.getlocal(...) end

---not supported
---@param ... any
function debug.setlocal(...) end

---not supported
---@param ... any
function debug.getupvalue(...) end

---not supported
---@param ... any
function debug.setupvalue(...) end

---not supported
---@param ... any
function debug.getregistry(...) end

---not supported
---@param ... any
function debug.setmetatable(...) end

---asks HTTP servers; a request is a table: url, headers, body, dst, timeout (ms), retries
---@class HTTPClient
local HTTPClient = {}

---asks with GET
---@param request table
---@return table
function HTTPClient:get(request) end

---asks with HEAD
---@param request table
---@return table
function HTTPClient:head(request) end

---asks with PUT
---@param request table
---@return table
function HTTPClient:put(request) end

---asks with POST
---@param request table
---@return table
function HTTPClient:post(request) end

---asks with DELETE
---@param request table
---@return table
function HTTPClient:delete(request) end

---a socket of a frontend
---@class Listener
local Listener = {}

---its row of `show stat`: names alone, for sockets are not counted one by one
---@return table<string, any>
function Listener:get_stats() end

---a service that answers a request
---@class AppletHTTP
---@field f Fetches all fetches as functions, with typed values
---@field sf Fetches the same, with strings
---@field c Converters all converters as functions, with typed values
---@field sc Converters the same, with strings
---@field method string the method of the request
---@field version string the version of the request: `HTTP/1.1`
---@field path string the path of the request
---@field qs string the query of the request
---@field length integer the length of its body; of a chunked one what is there of it
---@field headers table<string, table<integer, string>> the request's fields by name in lower case, values from index 0
local AppletHTTP = {}

---sets the status of the response; false for what is none
---@param code integer
---@param reason? string
---@return boolean
function AppletHTTP:set_status(code, reason) end

---adds a field to the response; `content-length` says how long its body is
---@param name string
---@param value string
---@return boolean
function AppletHTTP:add_header(name, value) end

---begins the response
function AppletHTTP:start_response() end

---reads a line of the body with its end; without one at the end of the body, empty behind it
---@return string
function AppletHTTP:getline() end

---reads so many bytes of the body, or all up to the end
---@param size? integer
---@return string
function AppletHTTP:receive(size) end

---sends a part of the body
---@param msg string
---@return integer
function AppletHTTP:send(msg) end

---sets a variable
---@param var string
---@param value any
---@param ifexist? boolean
---@return boolean
function AppletHTTP:set_var(var, value, ifexist) end

---the value of a variable, or nil
---@param var string
---@return any
function AppletHTTP:get_var(var) end

---unsets a variable
---@param var string
function AppletHTTP:unset_var(var) end

---keeps a value with the transaction
---@param data any
function AppletHTTP:set_priv(data) end

---the value that was kept
---@return any
function AppletHTTP:get_priv() end

---a service that speaks with the client of a TCP session
---@class AppletTCP
---@field f Fetches all fetches as functions, with typed values
---@field sf Fetches the same, with strings
---@field c Converters all converters as functions, with typed values
---@field sc Converters the same, with strings
local AppletTCP = {}

---reads a line with its end; without one at the end of the stream, empty behind it
---@return string
function AppletTCP:getline() end

---reads so many bytes, or all up to the end; after so many milliseconds what is there, or nil
---@param size? integer
---@param timeout? integer
---@return string?
function AppletTCP:receive(size, timeout) end

---what is there now; nil when that is nothing, empty at the end of the stream
---@return string?
function AppletTCP:try_receive() end

---sends a text
---@param msg string
---@return integer
function AppletTCP:send(msg) end

---sets a variable
---@param var string
---@param value any
---@param ifexist? boolean
---@return boolean
function AppletTCP:set_var(var, value, ifexist) end

---the value of a variable, or nil
---@param var string
---@return any
function AppletTCP:get_var(var) end

---unsets a variable
---@param var string
function AppletTCP:unset_var(var) end

---keeps a value with the session
---@param data any
function AppletTCP:set_priv(data) end

---the value that was kept
---@return any
function AppletTCP:get_priv() end

---a map of the process, asked in one way
---@class Map
---@field _int string numbers and ranges of numbers
---@field _ip string addresses and networks
---@field _str string whole texts
---@field _beg string beginnings of texts
---@field _sub string parts of texts
---@field _dir string parts between slashes
---@field _dom string parts between dots
---@field _end string ends of texts
---@field _reg string regular expressions
Map = {}

---opens a map, and reads its file if nobody has
---@param name string
---@param method? string
---@return Map
function Map.new(name, method) end

---the value for a key
---@param key any
---@return string?
function Map:lookup(key) end

---the same, or an empty string
---@param key any
---@return string
function Map:slookup(key) end

---a map or an ACL list; its entries are there by index, and for pairs()
---@class Patref
local Patref = {}

---its name
---@return string
function Patref:get_name() end

---whether it is a map
---@return boolean
function Patref:is_map() end

---takes all entries out at once
function Patref:purge() end

---begins a version that is filled beside the one in use
function Patref:prepare() end

---lets the version that was filled count
---@return boolean?
---@return string?
function Patref:commit() end

---forgets the version that was being filled
function Patref:giveup() end

---adds an entry
---@param key string
---@param value? string
---@return boolean?
---@return string?
function Patref:add(key, value) end

---adds many: keys with values for a map, a list of keys for an ACL
---@param entries table
---@return boolean?
---@return string?
function Patref:add_bulk(entries) end

---takes the entries with a key out
---@param key string
---@return boolean
function Patref:del(key) end

---changes the value of a key; with `force` the key is made if need be
---@param key string
---@param value string
---@param force? boolean
---@return boolean?
---@return string?
function Patref:set(key, value, force) end

---calls a function when the list changes
---@param types string[]
---@param func fun(event: string, data: nil, sub: EventSub, when: integer)
---@return EventSub
function Patref:event_sub(types, func) end

---a stick table of a proxy or of a peers section
---@class StickTable
local StickTable = {}

---what the table is declared to be
---@return table
function StickTable:info() end

---what is stored under a key
---@param key any
---@return table?
function StickTable:lookup(key) end

---all entries by key; a filter is a list of { data, operator, number }
---@param filter? table
---@return table
function StickTable:dump(filter) end

---the same as lookup; makes the entry
---@param key any
---@return table?
function StickTable:create_or_get(key) end

---sets values; makes the entry
---@param key any
---@param values table
---@return boolean
function StickTable:set(key, values) end

---adds to a value and gives the new one; makes the entry
---@param key any
---@param data string
---@param by? integer
---@return integer
function StickTable:incr(key, data, by) end

---takes an entry away
---@param key any
---@return boolean
function StickTable:delete(key) end

---a subscription to events
---@class EventSub
local EventSub = {}

---ends it: the function is not called any more
function EventSub:unsub() end

---waits for the next event: its type, what is known of it, when; nothing once it has ended
---@return string?
---@return table?
---@return integer?
function EventSub:next() end

---items that one coroutine pushes and another one pops
---@class Queue
local Queue = {}

---adds an item at the end
---@param item any
---@return boolean
function Queue:push(item) end

---takes the first item, if there is one
---@return any
function Queue:pop() end

---the same, and waits for it
---@return any
function Queue:pop_wait() end

---how many items are in it
---@return integer
function Queue:size() end

---lets the next core.wait() end with the next item
function Queue:alarm() end

---what the callbacks of a filter answer, and what they may ask for
---@class filter
---@field CONTINUE integer 1: this step is done
---@field WAIT integer 0: more data, or something else, is waited for
---@field ERROR integer -1: the message cannot go on
---@field FLT_CFG_FL_HTX integer the filter can work on HTTP
filter = {}

---the filter wants the data of a direction
---@param flt table
---@param chn Channel
function filter.register_data_filter(flt, chn) end

---the filter wants them no more
---@param flt table
---@param chn Channel
function filter.unregister_data_filter(flt, chn) end

---calls the callback again after so long, when it waits
---@param milliseconds integer
function filter.wake_time(milliseconds) end

---a request or a response that passes a filter
---@class HTTPMessage
---@field channel Channel its data, without what HTTP makes of them
local HTTPMessage = {}

---adds a header field
---@param name string
---@param value string
function HTTPMessage:add_header(name, value) end

---removes all fields of a name
---@param name string
function HTTPMessage:del_header(name) end

---the fields by name, values from index 0
---@return table<string, table<integer, string>>
function HTTPMessage:get_headers() end

---method, uri and version of a request; version, code and reason of a response
---@return table<string, string>
function HTTPMessage:get_stline() end

---replaces the fields of a name that match; `\1` is what the first group matched
---@param name string
---@param regex string
---@param replace string
function HTTPMessage:rep_header(name, regex, replace) end

---replaces the comma-separated values of the fields that match
---@param name string
---@param regex string
---@param replace string
function HTTPMessage:rep_value(name, regex, replace) end

---replaces all fields of a name
---@param name string
---@param value string
function HTTPMessage:set_header(name, value) end

---changes the method
---@param method string
function HTTPMessage:set_method(method) end

---changes the path, keeps the query
---@param path string
function HTTPMessage:set_path(path) end

---changes the query, keeps the path
---@param query string
function HTTPMessage:set_query(query) end

---changes the whole target
---@param uri string
function HTTPMessage:set_uri(uri) end

---changes the status of a response
---@param status integer
---@param reason? string
function HTTPMessage:set_status(status, reason) end

---says that the body changes: how it ends then follows from what passes
---@param length integer|string
---@return boolean
function HTTPMessage:set_body_len(length) end

---some of the body, nil at its end
---@param offset? integer
---@param length? integer
---@return string?
function HTTPMessage:body(offset, length) end

---all of the body has come
---@return boolean
function HTTPMessage:eom() end

---an error: the end follows from what passes
function HTTPMessage:set_eom() end

---an error: the end follows from what passes
function HTTPMessage:unset_eom() end

---puts bytes behind the data
---@param text string
---@return integer
function HTTPMessage:append(text) end

---lets data pass
---@param length integer
---@return integer
function HTTPMessage:forward(length) end

---bytes that have not passed
---@return integer
function HTTPMessage:input() end

---puts bytes at a place among the data
---@param text string
---@param offset? integer
---@return integer
function HTTPMessage:insert(text, offset) end

---no more can come before some passes
---@return boolean
function HTTPMessage:is_full() end

---it is of the response
---@return boolean
function HTTPMessage:is_resp() end

---more may come
---@return boolean
function HTTPMessage:may_recv() end

---bytes that pass
---@return integer
function HTTPMessage:output() end

---puts bytes before the data
---@param text string
---@return integer
function HTTPMessage:prepend(text) end

---puts bytes in the place of some of the data
---@param text string
---@param offset? integer
---@param length? integer
---@return integer
function HTTPMessage:set(text, offset, length) end

---takes some of the data away
---@param offset? integer
---@param length? integer
---@return integer
function HTTPMessage:remove(offset, length) end

---lets bytes pass before the data
---@param text string
---@return integer
function HTTPMessage:send(text) end

---the data of one direction that have come and not passed
---@class Channel
local Channel = {}

---some of the data, nil at the end; an action waits for so many
---@param offset? integer
---@param length? integer
---@return string?
function Channel:data(offset, length) end

---all data (old; better: data)
---@return string?
function Channel:dup() end

---takes all data (old; better: data and remove)
---@return string?
function Channel:get() end

---takes a line (old; better: line and remove)
---@return string?
function Channel:getline() end

---the first line of some of the data
---@param offset? integer
---@param length? integer
---@return string?
function Channel:line(offset, length) end

---takes some of the data away; an action takes from the front
---@param offset? integer
---@param length? integer
---@return integer
function Channel:remove(offset, length) end

---lets bytes pass before the data; in an action: txn.res:send says something to the client
---@param text string
---@return integer
function Channel:send(text) end

---puts bytes behind the data
---@param text string
---@return integer
function Channel:append(text) end

---lets data pass
---@param length integer
---@return integer
function Channel:forward(length) end

---bytes that have not passed
---@return integer
function Channel:input() end

---puts bytes at a place among the data
---@param text string
---@param offset? integer
---@return integer
function Channel:insert(text, offset) end

---no more can come before some passes
---@return boolean
function Channel:is_full() end

---it is of the response
---@return boolean
function Channel:is_resp() end

---more may come
---@return boolean
function Channel:may_recv() end

---bytes that pass
---@return integer
function Channel:output() end

---puts bytes before the data
---@param text string
---@return integer
function Channel:prepend(text) end

---puts bytes in the place of some of the data
---@param text string
---@param offset? integer
---@param length? integer
---@return integer
function Channel:set(text, offset, length) end
