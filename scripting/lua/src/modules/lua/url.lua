-- socket.url: texts in URLs, and URLs in their parts, in LuaSocket's shape.
local url = {}

local function hex(c) return string.format("%%%02x", c:byte()) end

function url.escape(text) return (text:gsub("[^A-Za-z0-9_]", hex)) end

function url.unescape(text)
    return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- The parts: scheme, authority, userinfo, user, password, host, port, path, params, query, fragment.
function url.parse(text, parts)
    if not text or text == "" then return nil, "invalid url" end
    local found = {}
    for name, value in pairs(parts or {}) do found[name] = value end
    local function take(pattern, name)
        text = text:gsub(pattern, function(value)
            found[name] = value
            return ""
        end, 1)
    end
    take("#(.*)$", "fragment")
    take("^([%w][%w%+%-%.]*)%:", "scheme")
    take("^//([^/%?]*)", "authority")
    take("%?(.*)$", "query")
    take("%;(.*)$", "params")
    if text ~= "" then found.path = text end
    local rest = found.authority
    if not rest then return found end
    local userinfo, behind = rest:match("^([^@]*)@(.*)$")
    if userinfo then
        rest, found.userinfo = behind, userinfo
        found.user, found.password = userinfo:match("^([^:]*):?(.*)$")
        if found.password == "" then found.password = nil end
    end
    local host, port = rest:match("^(.-):([^:%]]*)$")
    found.host, found.port = host or rest, port
    if found.host == "" then found.host = nil end
    if found.host then found.host = found.host:match("^%[(.+)%]$") or found.host end
    return found
end

-- A URL of its parts.
function url.build(parts)
    local text = parts.path or ""
    if parts.params then text = text .. ";" .. parts.params end
    if parts.query then text = text .. "?" .. parts.query end
    local authority = parts.authority
    if parts.host then
        authority = parts.host:find(":", 1, true) and "[" .. parts.host .. "]" or parts.host
        if parts.port then authority = authority .. ":" .. parts.port end
        local userinfo = parts.userinfo
        if parts.user then userinfo = parts.user .. (parts.password and ":" .. parts.password or "") end
        if userinfo then authority = userinfo .. "@" .. authority end
    end
    if authority then text = "//" .. authority .. text end
    if parts.scheme then text = parts.scheme .. ":" .. text end
    if parts.fragment then text = text .. "#" .. parts.fragment end
    return text
end

return url
