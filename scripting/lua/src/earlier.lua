-- What scripts for Lua 5.3, as Debian's HAProxy has it, find and Lua 5.4 has no more.

-- Any number is a seed: 5.4 refuses fractions, such as `os.clock() * 1000`.
if math then
    local randomseed, tointeger, floor, type_of = math.randomseed, math.tointeger, math.floor, math.type
    function math.randomseed(...)
        local seed = ...
        if type_of(seed) == "float" and not tointeger(seed) and seed - seed == 0 then
            return randomseed(floor(seed % 0x80000000))
        end
        return randomseed(...)
    end
end

-- The library of 5.2, in numbers of 32 bits.
if bit32 == nil then
    local mask = 0xffffffff

    local function each(join, start)
        return function(...)
            local all = start
            for at = 1, select("#", ...) do all = join(all, (select(at, ...))) end
            return all & mask
        end
    end

    local function shift(number, by)
        number = number & mask
        if by <= -32 or by >= 32 then return 0 end
        return (by >= 0 and number << by or number >> -by) & mask
    end

    local function rotate(number, by)
        number, by = number & mask, by % 32
        return (number << by | number >> (32 - by)) & mask
    end

    local function field(at, width)
        width = width or 1
        if at < 0 or width < 1 or at + width > 32 then error("a field is of 1 to 32 bits, all of them in the number", 3) end
        return ~(mask << width) & mask
    end

    local band = each(function(a, b) return a & b end, mask)
    bit32 = {
        band = band,
        bor = each(function(a, b) return a | b end, 0),
        bxor = each(function(a, b) return a ~ b end, 0),
        bnot = function(number) return ~number & mask end,
        btest = function(...) return band(...) ~= 0 end,
        lshift = shift,
        rshift = function(number, by) return shift(number, -by) end,
        arshift = function(number, by)
            number = number & mask
            if by < 0 then return shift(number, -by) end
            if number < 0x80000000 then return shift(number, -by) end
            return (by >= 32 and mask or number >> by | ~(mask >> by)) & mask
        end,
        lrotate = rotate,
        rrotate = function(number, by) return rotate(number, -by) end,
        extract = function(number, at, width) return (number & mask) >> at & field(at, width) end,
        replace = function(number, by, at, width)
            local bits = field(at, width)
            return (number & ~(bits << at) | (by & bits) << at) & mask
        end,
    }
end
