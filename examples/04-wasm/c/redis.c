/* A health check of Redis in C, without a library: PING, and +PONG must come. Optional argument: a password for AUTH.
 *
 * The module offers the hook "check" while it starts. Portero then calls proxy_on_foreign_function for each step, with a list
 * in buffer 8: the arguments, the server, the number of the step, what has come, and whether the server has closed. Items
 * are a length of 4 bytes and the value; the answer is such a list too. */

typedef unsigned char byte;
typedef unsigned int u32;

#define IMPORT(name) __attribute__((import_module("env"), import_name(#name))) extern
#define EXPORT(name) __attribute__((export_name(#name)))

IMPORT(proxy_call_foreign_function)
u32 call(const char *name, u32 name_len, const byte *argument, u32 argument_len, byte **answer, u32 *answer_len);
IMPORT(proxy_get_buffer_bytes) u32 buffer(u32 type, u32 start, u32 most, byte **data, u32 *len);

enum { CALL_DATA = 8, CHECK = 6 };

/* Memory that Portero writes into: taken from the front again for each call. */
static byte heap[1 << 17];
static u32 used;

EXPORT(proxy_abi_version_0_2_1) void version(void) {}

EXPORT(proxy_on_memory_allocate) void *allocate(u32 size)
{
    u32 at = used;
    if (size > sizeof heap - used)
        return 0;
    used += (size + 7) & ~7u;
    return heap + at;
}

/* A list that is being written. */
static byte out[512];
static u32 written;

static void item(const void *value, u32 len)
{
    if (written + 4 + len > sizeof out)
        return;
    for (u32 i = 0; i < 4; i++)
        out[written++] = len >> (8 * i);
    for (u32 i = 0; i < len; i++)
        out[written++] = ((const byte *)value)[i];
}

static void answer(const char *word, u32 word_len, const byte *text, u32 text_len)
{
    written = 0;
    item(word, word_len);
    item(text, text_len);
    call("portero.answer", 14, out, written, 0, 0);
}

#define ANSWER(word, text) answer(word, sizeof word - 1, (const byte *)text, sizeof text - 1)

/* Items of a list that is read. */
struct slice {
    const byte *at;
    u32 len;
};

static struct slice next(struct slice *list)
{
    struct slice value = {list->at, 0};
    if (list->len < 4)
        return value;
    value.len = list->at[0] | list->at[1] << 8 | list->at[2] << 16 | (u32)list->at[3] << 24;
    value.at += 4;
    if (value.len > list->len - 4)
        value.len = list->len - 4;
    list->at = value.at + value.len;
    list->len -= 4 + value.len;
    return value;
}

static int begins(struct slice text, const char *with, u32 len)
{
    for (u32 i = 0; i < len; i++)
        if (i >= text.len || text.at[i] != (byte)with[i])
            return 0;
    return 1;
}

EXPORT(proxy_on_vm_start) u32 start(u32 context, u32 size)
{
    written = 0;
    item("check", 5);
    return call("portero.offer", 13, out, written, 0, 0) == 0;
}

static void ping(struct slice password)
{
    static byte request[256];
    u32 len = 0;
    if (password.len > 0 && password.len < 200) {
        for (const char *c = "AUTH "; *c; c++)
            request[len++] = *c;
        for (u32 i = 0; i < password.len; i++)
            request[len++] = password.at[i];
        request[len++] = '\r', request[len++] = '\n';
    }
    for (const char *c = "PING\r\n"; *c; c++)
        request[len++] = *c;
    answer("send", 4, request, len);
}

EXPORT(proxy_on_foreign_function) void step(u32 context, u32 hook, u32 size)
{
    struct slice list = {0, 0};
    used = 0;
    if (hook != CHECK || buffer(CALL_DATA, 0, size, (byte **)&list.at, &list.len) != 0)
        return;
    struct slice args = next(&list);
    next(&list); /* the server */
    struct slice number = next(&list), data = next(&list);
    struct slice password = next(&args);
    if (number.len > 0 && number.at[0] == 0 && data.len == 0 && number.at[1] == 0) {
        ping(password);
        return;
    }
    if (password.len > 0 && begins(data, "+OK\r\n", 5)) {
        data.at += 5;
        data.len -= 5;
    }
    if (begins(data, "+PONG\r\n", 7))
        ANSWER("up", "PONG");
    else if (data.len > 0 && data.at[0] != '+')
        answer("down", 4, data.at, data.len < 60 ? data.len : 60);
    else if (data.len > 64)
        ANSWER("down", "it says something else");
    else
        ANSWER("read", "");
}
