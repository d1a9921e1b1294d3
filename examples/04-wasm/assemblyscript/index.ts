// Says to the server which of its languages the client wants most (RFC 9110, 12.5.4): `X-Language`. The configuration is a
// list such as `en,de,fr`; its first is for those who want none of them.
export * from "@gcoredev/proxy-wasm-sdk-as/assembly/proxy";
import {
  Context,
  FilterHeadersStatusValues,
  registerRootContext,
  RootContext,
  stream_context,
} from "@gcoredev/proxy-wasm-sdk-as/assembly";

class Root extends RootContext {
  createContext(context_id: u32): Context {
    return new Language(context_id, this);
  }
}

class Language extends Context {
  constructor(context_id: u32, root: Root) {
    super(context_id, root);
  }

  onRequestHeaders(a: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const offered = this.root_context.getConfiguration().trim().split(",");
    const wanted = stream_context.headers.request.get("accept-language");
    stream_context.headers.request.replace("x-language", best(offered, wanted));
    return FilterHeadersStatusValues.Continue;
  }
}

// The language of the highest quality; of equal ones the first that is named.
function best(offered: string[], wanted: string): string {
  let found = offered[0];
  let highest: f64 = 0;
  const ranges = wanted.split(",");
  for (let i = 0; i < ranges.length; i++) {
    const parts = ranges[i].trim().split(";");
    const name = parts[0].split("-")[0].toLowerCase();
    const at = parts.length > 1 ? parts[1].indexOf("q=") : -1;
    const quality = at < 0 ? 1 : parseFloat(parts[1].slice(at + 2));
    if (offered.includes(name) && quality > highest) {
      highest = quality;
      found = name;
    }
  }
  return found;
}

registerRootContext((context_id: u32) => new Root(context_id), "");
