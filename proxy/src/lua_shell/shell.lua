-- `portero lua`: runs inside an action, beside the script, so that `txn` is a transaction as any other.
local prompt = ...

local function show(...)
    local values = table.pack(...)
    for i = 1, values.n do
        local value = values[i]
        values[i] = type(value) == "string" and string.format("%q", value) or tostring(value)
    end
    if values.n > 0 then
        print(table.concat(values, "\t", 1, values.n))
    end
end

-- The functions whose names begin with `test`, in the order of their names.
local function tests()
    local names = {}
    for name, value in pairs(_G) do
        if type(name) == "string" and name:find("^test") and type(value) == "function" then
            names[#names + 1] = name
        end
    end
    table.sort(names)
    return names
end

local function run_tests(txn)
    local names, failed = tests(), 0
    for _, name in ipairs(names) do
        local passed, why = xpcall(_G[name], debug.traceback, txn)
        print((passed and "ok      " or "FAILED  ") .. name)
        if not passed then
            failed = failed + 1
            print("        " .. tostring(why):gsub("\n", "\n        "))
        end
    end
    if #names > 0 then
        print(string.format("%d passed, %d failed", #names - failed, failed))
    end
    return failed
end

local function read_and_run()
    while true do
        if prompt == "prompt" then
            io.write("> ")
            io.flush()
        end
        local line = io.read("l")
        if not line then return end
        local chunk, why = load("return " .. line, "=line")
        if not chunk then
            chunk, why = load(line, "=line")
        end
        if not chunk then
            print(why)
        else
            local results = table.pack(xpcall(chunk, debug.traceback))
            if results[1] then
                show(table.unpack(results, 2, results.n))
            else
                print(results[2])
            end
        end
    end
end

core.register_action("portero-shell", { "http-req" }, function(made_up)
    txn = made_up
    local failed = run_tests(made_up)
    if prompt ~= "tests" then
        read_and_run()
    end
    made_up:set_var("txn.failed", failed > 0)
    txn = nil
end)
