-- mime: base64 in LuaSocket's shape.
local _, own = ...
local base64 = own "base64"
local ltn12 = own "ltn12"

local mime = {}

-- Encodes a text; with a second one (perhaps empty) both, up to the last whole group, and gives the rest.
function mime.b64(text, more)
    if text == nil then return nil, nil end
    if more == nil then return base64.encode(text), "" end
    local all = text .. more
    local whole = #all - #all % 3
    return base64.encode(all:sub(1, whole)), all:sub(whole + 1)
end

-- The reverse.
function mime.unb64(text, more)
    if text == nil then return nil, nil end
    if more == nil then return base64.decode(text), "" end
    local all = (text .. more):gsub("%s", "")
    local whole = #all - #all % 4
    return base64.decode(all:sub(1, whole)), all:sub(whole + 1)
end

local function by_name(low)
    return function(name)
        if name ~= "base64" then error("the mime encoding '" .. tostring(name) .. "' is not supported yet", 2) end
        local rest = ""
        return function(chunk)
            if chunk == nil then
                local last = rest
                rest = ""
                if last == "" then return nil end
                return (low(last))
            end
            local done
            done, rest = low(rest, chunk)
            return done
        end
    end
end

mime.encode = by_name(mime.b64)
mime.decode = by_name(mime.unb64)
mime.chain = ltn12.filter.chain

return mime
