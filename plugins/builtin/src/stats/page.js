// Keeps the page up to date: the figures come as JSON, the cells that show them carry the field's name.
(() => {
  const { every, url, up } = document.currentScript.dataset;
  const live = document.getElementById("live");
  const rows = new Map([...document.querySelectorAll("[data-row]")].map((tr) => [tr.dataset.row, tr]));
  const units = (value, step, names) => {
    let at = 0;
    while (value >= step && at < names.length - 1) { value /= step; at += 1; }
    return (at && value < 99.95 ? value.toFixed(1) : Math.round(value)) + names[at];
  };
  const show = {
    n: (v) => (v < 100000 ? String(v) : units(v, 1000, ["", "k", "M", "G", "T"])),
    b: (v) => units(v, 1024, [" B", " kB", " MB", " GB", " TB", " PB"]),
    d: (v) => {
      const parts = [[86400, "d"], [3600, "h"], [60, "m"], [1, "s"]];
      const at = Math.max(0, parts.findIndex(([size], i) => v >= size || i === 3));
      const [size, name] = parts[at], next = parts[at + 1];
      const rest = next ? Math.floor((v % size) / next[0]) : 0;
      return Math.floor(v / size) + name + (rest ? " " + rest + next[1] : "");
    },
    t: String,
  };
  const state = (status) =>
    /^(UP|OPEN)$/.test(status) ? "good" : /^(UP|NOLB|DRAIN)/.test(status) ? "warn" : /^DOWN/.test(status) ? "bad" : "idle";
  const put = (cell, value) => {
    const text = show[cell.dataset.k](value);
    if (cell.textContent === text) return;
    cell.textContent = text;
    cell.classList.toggle("zero", value === 0);
    if (cell.dataset.k === "d") return;
    cell.classList.add("new");
    requestAnimationFrame(() => requestAnimationFrame(() => cell.classList.remove("new")));
  };
  const total = { sessions: 0, rate: 0, up: 0, servers: 0, in: 0, out: 0 };
  const add = (row) => {
    if (row.type === 0) {
      total.sessions += row.scur; total.rate += row.req_rate ?? row.rate;
      total.in += row.bin; total.out += row.bout;
    } else if (row.type === 2) {
      total.servers += 1; total.up += /^(UP|no check)/.test(row.status) ? 1 : 0;
    }
  };
  async function tick() {
    if (document.hidden) return;
    try {
      const answer = await fetch(url, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.status);
      let unknown = false;
      Object.keys(total).forEach((key) => (total[key] = 0));
      for (const fields of await answer.json()) {
        const row = Object.fromEntries(fields.map((f) => [f.field.name, f.value.value]));
        add(row);
        const tr = rows.get([row.pxname, row.svname, row.type].join("/"));
        if (!tr) { unknown = true; continue; }
        tr.dataset.state = state(row.status);
        for (const cell of tr.querySelectorAll("[data-f]")) {
          if (cell.dataset.f in row) put(cell, row[cell.dataset.f]);
        }
        tr.querySelector(".state").title = row.last_chk ?? "";
      }
      for (const cell of document.querySelectorAll("[data-sum]")) put(cell, total[cell.dataset.sum]);
      const scripts = document.querySelector("#scripts .scroll");
      if (scripts) scripts.innerHTML = await (await fetch(url.replace(";json", ";scripts"), { cache: "no-store" })).text();
      if (unknown && !up) location.reload();
      live.className = "on"; live.textContent = "live";
    } catch {
      live.className = "lost"; live.textContent = "no connection";
    }
  }
  live.hidden = false;
  setInterval(tick, Number(every));
  tick();
})();
