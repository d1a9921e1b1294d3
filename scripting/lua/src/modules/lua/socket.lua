-- socket: LuaSocket's shape over core.tcp, for clients.
local socket = { _VERSION = "Portero, after LuaSocket", BLOCKSIZE = 2048 }

function socket.tcp() return core.tcp() end
socket.tcp4, socket.tcp6 = socket.tcp, socket.tcp

function socket.connect(address, port)
    local connection = core.tcp()
    local connected, why = connection:connect(address, port)
    if not connected then
        connection:close()
        return nil, why
    end
    return connection
end
socket.connect4, socket.connect6 = socket.connect, socket.connect

function socket.gettime()
    local now = core.now()
    return now.sec + now.usec / 1000000
end

function socket.sleep(seconds) core.msleep(seconds * 1000) end

for _, name in ipairs { "bind", "udp", "udp4", "udp6", "select" } do
    socket[name] = function() error("socket." .. name .. "() is not supported: scripts are clients here", 2) end
end

-- === exceptions ===

-- A function that gives on what it gets, or raises its second argument where the first is false.
function socket.newtry(finally)
    return function(...)
        local good, why = ...
        if not good then
            if finally then pcall(finally) end
            error(setmetatable({ why }, { __tostring = function() return tostring(why) end }), 0)
        end
        return ...
    end
end
socket.try = socket.newtry()

local function caught(good, ...)
    if good then return ... end
    local why = ...
    if type(why) == "table" then return nil, why[1] end
    error(why, 0)
end

-- A function that returns nil and why, where the other raises what `try` raised.
function socket.protect(protected)
    return function(...) return caught(pcall(protected, ...)) end
end

function socket.skip(count, ...) return select(count + 1, ...) end

-- === sinks and sources ===

function socket.sink(mode, connection)
    return function(chunk)
        if chunk ~= nil then return connection:send(chunk) end
        if mode ~= "keep-open" then connection:close() end
        return 1
    end
end

local sources = {}

sources["until-closed"] = function(connection)
    local ended = false
    return function()
        if ended then return nil end
        local chunk, why, part = connection:receive(socket.BLOCKSIZE)
        if chunk then return chunk end
        ended = true
        if why ~= "closed" then return nil, why end
        connection:close()
        if part ~= "" then return part end
    end
end

sources["by-length"] = function(connection, left)
    return function()
        if left <= 0 then return nil end
        local chunk, why = connection:receive(math.min(left, socket.BLOCKSIZE))
        if not chunk then return nil, why end
        left = left - #chunk
        return chunk
    end
end

function socket.source(mode, connection, length)
    local make = sources[mode or "until-closed"]
    if not make then error("there is no source '" .. tostring(mode) .. "'", 2) end
    return make(connection, length)
end

return socket
