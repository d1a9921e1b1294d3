-- ltn12: filters, sources, sinks and pumps in LuaSocket's shape.
--
-- A source is a function that gives the next chunk, nil at the end, or nil and why it failed. A sink is a function that
-- takes a chunk, or nil at the end, and answers 1, or nil and why it failed.
local ltn12 = { filter = {}, source = {}, sink = {}, pump = {}, BLOCKSIZE = 2048 }
local filter, source, sink, pump = ltn12.filter, ltn12.source, ltn12.sink, ltn12.pump

-- === filters ===

-- A filter of a function that takes and gives a context and one more argument.
function filter.cycle(low, context, extra)
    return function(chunk)
        local done
        done, context = low(context, chunk, extra)
        return done
    end
end

-- Several filters, each behind the one before. Where the last ones have more to say at the end, they are asked again.
function filter.chain(...)
    local filters = { ... }
    local function through(first, chunk)
        for i = first, #filters do
            local done = filters[i](chunk)
            if chunk == nil then
                if done ~= nil and done ~= "" then
                    return through(i + 1, done)
                end
            else
                chunk = done
            end
        end
        return chunk
    end
    return function(chunk) return through(1, chunk) end
end

-- === sources ===

function source.empty()
    return function() return nil end
end

function source.error(why)
    return function() return nil, why end
end

function source.string(text)
    if text == nil then return source.empty() end
    local at = 1
    return function()
        local chunk = text:sub(at, at + ltn12.BLOCKSIZE - 1)
        at = at + ltn12.BLOCKSIZE
        if chunk == "" then return nil end
        return chunk
    end
end

function source.table(list)
    local at = 0
    return function()
        at = at + 1
        return list[at]
    end
end

function source.file(handle, why)
    if not handle then return source.error(why or "the file cannot be opened") end
    return function()
        local chunk = handle:read(ltn12.BLOCKSIZE)
        if chunk == nil then handle:close() end
        return chunk
    end
end

-- A source that may give another source in its own place.
function source.simplify(src)
    return function()
        local chunk, next_or_why = src()
        if chunk ~= nil then
            src = next_or_why or src
            return chunk
        end
        return nil, next_or_why
    end
end

function source.rewind(src)
    local held = {}
    return function(chunk)
        if chunk ~= nil then
            held[#held + 1] = chunk
            return
        end
        if #held > 0 then return table.remove(held) end
        return src()
    end
end

-- One source behind the other.
function source.cat(...)
    local all, at = { ... }, 1
    return function()
        while all[at] do
            local chunk, why = all[at]()
            if chunk ~= nil then return chunk end
            if why then return nil, why end
            at = at + 1
        end
        return nil
    end
end

-- A source behind filters.
function source.chain(src, ...)
    local change, ended = filter.chain(...), false
    return function()
        if ended then return nil end
        while true do
            local chunk, why = src()
            if why then return nil, why end
            ended = chunk == nil
            local done = change(chunk)
            if ended or done ~= "" then return done end
        end
    end
end

-- === sinks ===

function sink.null()
    return function() return 1 end
end

function sink.error(why)
    return function() return nil, why end
end

function sink.table(list)
    list = list or {}
    return function(chunk)
        if chunk ~= nil then list[#list + 1] = chunk end
        return 1
    end, list
end

function sink.file(handle, why)
    if not handle then return sink.error(why or "the file cannot be opened") end
    return function(chunk)
        if chunk == nil then
            handle:close()
            return 1
        end
        return handle:write(chunk)
    end
end

-- A sink that may give another sink in its own place.
function sink.simplify(snk)
    return function(chunk, why)
        local taken, next_or_why = snk(chunk, why)
        if not taken then return nil, next_or_why end
        snk = next_or_why or snk
        return 1
    end
end

-- Filters in front of a sink.
function sink.chain(...)
    local all = { ... }
    local snk = table.remove(all)
    local change = filter.chain(table.unpack(all))
    return function(chunk, why)
        local done = change(chunk)
        if done ~= nil and done ~= "" then
            local taken, failed = snk(done, why)
            if not taken then return nil, failed end
        end
        if chunk == nil then return snk(nil, why) end
        return 1
    end
end

-- === pumps ===

-- One chunk.
function pump.step(src, snk)
    local chunk, failed = src()
    local taken, why = snk(chunk, failed)
    if chunk ~= nil and taken then return 1 end
    return nil, failed or why
end

-- All of them.
function pump.all(src, snk, step)
    -- the table that sink.table gives beside its sink is easily passed on
    if type(step) ~= "function" then step = pump.step end
    while true do
        local done, why = step(src, snk)
        if not done then
            if why then return nil, why end
            return 1
        end
    end
end

return ltn12
