"use strict";
// Tables sort and filter; the chart says its numbers where a finger or an arrow key is. Texts are only ever set as text.
(() => {
  const make = (tag, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // Makes a header's columns sort; `sort(column, down)` puts the rows in order.
  const sortable = (head, sort) => {
    const cells = [...head.rows[0].cells];
    cells.forEach((cell, column) => {
      const button = make("button", { type: "button" });
      button.append(...cell.childNodes);
      cell.append(button);
      button.addEventListener("click", () => {
        const before = cell.getAttribute("aria-sort");
        const down = before ? before === "ascending" : cell.classList.contains("n"); // the largest number first
        cells.forEach((other) => other.removeAttribute("aria-sort"));
        cell.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(column, down);
      });
    });
  };

  // Empty cells come last, whichever way round.
  const compare = (a, b, down) => {
    const none = (v) => v === "" || v === null;
    if (none(a) || none(b)) return none(a) - none(b);
    return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
  };

  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const value = (cell) => {
      const text = cell.dataset.v ?? cell.textContent.trim();
      if (!cell.classList.contains("n") && !/^\d+$/.test(text)) return text;
      const number = parseFloat(text.replaceAll(",", "").replace("−", "-"));
      return Number.isNaN(number) ? null : number;
    };
    sortable(table.tHead, (column, down) => {
      const body = table.tBodies[0];
      const rows = [...body.rows].map((row) => [value(row.cells[column]), row]);
      rows.sort((a, b) => compare(a[0], b[0], down));
      body.append(...rows.map(([, row]) => row));
    });
  }

  // All names: kept as data, of which one page at a time is in the document.
  const names = document.getElementById("all-names");
  if (names) {
    const PAGE = 50;
    const [DOMAIN, ZONE, STATE, PRIORITY, FEE, DEADLINE, ORDERED, LIST, LINE, REASON, DATED] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
    const data = JSON.parse(document.getElementById("rows").textContent);
    const states = data.states.map((state) => {
      const [group, ...words] = state.split(" ");
      return { group, words: words.join(" ") };
    });
    const clock = new Intl.DateTimeFormat("en-GB", {
      timeZone: data.zone, weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
    });
    const moment = (minutes) => {
      if (minutes === null) return "–";
      const part = Object.fromEntries(clock.formatToParts(minutes * 60000).map(({ type, value }) => [type, value]));
      return `${part.weekday}\u00a0${part.day}\u00a0${part.month}, ${part.hour}:${part.minute}`;
    };
    const haystack = data.rows.map((row) =>
      [row[DOMAIN], data.lists[row[LIST]], data.reasons[row[REASON]], states[row[STATE]].words].join("\n").toLowerCase());
    const keys = [
      (row) => row[DOMAIN], (row) => states[row[STATE]].words, (row) => row[DEADLINE], (row) => row[ORDERED],
      (row) => (row[FEE] === "" ? null : Number(row[FEE])), (row) => Number(row[PRIORITY]),
      (row) => `${data.lists[row[LIST]]}\n${String(row[LINE]).padStart(9, "0")}`,
    ];
    const form = document.querySelector("form.filter");
    const { text, state } = form.elements;
    const pages = document.querySelector(".pages");
    const [previous, next] = pages.querySelectorAll("button");
    const body = names.tBodies[0];
    let order = data.rows.map((_, n) => n);
    let found = order;
    let first = 0;

    const cell = (tag, className, ...children) => make(tag, { className }, ...children);
    const tr = (row) => {
      const { group, words } = states[row[STATE]];
      const reason = data.reasons[row[REASON]];
      const dated = data.dates[row[DATED]];
      const name = cell("th", "", make("bdi", {}, row[DOMAIN]));
      name.scope = "row";
      const fee = row[FEE] === "" ? "–" : row[FEE].replace(/\B(?=(\d{3})+\.)/g, ",");
      return make("tr", {}, name,
        cell("td", "", cell("span", `state ${group}`, words), ...(reason ? [cell("bdi", "why", reason)] : [])),
        cell("td", "", make("time", {}, moment(row[DEADLINE])), ...(dated ? [cell("bdi", "why", dated)] : [])), cell("td", "wide", make("time", {}, moment(row[ORDERED]))),
        cell("td", "n wide", fee), cell("td", "n wide", row[PRIORITY]),
        cell("td", "wide", make("bdi", {}, data.lists[row[LIST]]), `, ${row[LINE].toLocaleString("en")}`));
    };
    const show = () => {
      body.replaceChildren(...found.slice(first, first + PAGE).map((n) => tr(data.rows[n])));
      const last = Math.min(first + PAGE, found.length);
      pages.hidden = found.length <= PAGE;
      pages.querySelector("span").textContent = `${(first + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${found.length.toLocaleString("en")}`;
      previous.disabled = first === 0;
      next.disabled = last === found.length;
      form.querySelector("output").textContent =
        found.length === 1 ? "1 name" : `${found.length.toLocaleString("en")} names`;
    };
    const filter = () => {
      const wanted = text.value.trim().toLowerCase();
      const group = state.value;
      found = order.filter((n) =>
        (!group || states[data.rows[n][STATE]].group === group) && (!wanted || haystack[n].includes(wanted)));
      first = 0;
      show();
    };
    const turn = (by) => { first += by; show(); };

    for (const group of new Set(states.map((each) => each.group))) {
      state.append(make("option", { value: group, textContent: group === "placed" ? "at the provider" : group }));
    }
    sortable(names.tHead, (column, down) => {
      const key = data.rows.map(keys[column]);
      order = data.rows.map((_, n) => n).sort((a, b) => compare(key[a], key[b], down) || a - b);
      filter();
    });
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    previous.addEventListener("click", () => turn(-PAGE));
    next.addEventListener("click", () => turn(PAGE));
    form.hidden = false;
    show();
  }

  // On paper nothing can be opened.
  addEventListener("beforeprint", () => {
    for (const more of document.querySelectorAll(".task details")) more.open = true;
  });

  // The chart reads its numbers from the table behind it.
  for (const chart of document.querySelectorAll("[data-readout]")) {
    const svg = chart.querySelector("svg");
    const cursor = svg.querySelector(".cursor");
    const table = chart.parentElement.querySelector("details table");
    const heads = [...table.tHead.rows[0].cells].map((each) => each.textContent.toLowerCase());
    const rows = [...table.tBodies[0].rows];
    let at = rows.findIndex((row) => row.classList.contains("foreseen"));
    const point = (n) => {
      at = Math.max(0, Math.min(rows.length - 1, n));
      const [day, ...amounts] = [...rows[at].cells].map((each) => each.textContent);
      chart.querySelector("output").textContent = [day,
        ...amounts.map((amount, n) => [heads[n + 1], amount]).filter(([, amount]) => amount !== "–").map((each) => each.join(" "))].join(" · ");
      const x = `${((at + 0.5) * 100) / rows.length}%`;
      cursor.setAttribute("x1", x);
      cursor.setAttribute("x2", x);
      cursor.setAttribute("visibility", "visible");
    };
    svg.tabIndex = 0;
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      point(Math.floor(((event.clientX - box.left) / box.width) * rows.length));
    });
    svg.addEventListener("focus", () => point(at));
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step) { event.preventDefault(); point(at + step); }
    });
  }
})();
