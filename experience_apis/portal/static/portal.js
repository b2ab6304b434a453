// What pages do beyond htmx. Nothing here is needed to use them: links and forms work without it.
"use strict";
(() => {
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const say = (text) => { one("#live").textContent = text; };

  // The server shows times in the zone of the browser, from the next page on.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `lw_zone=${zone}; path=/portal; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;

  // The menu of phones: the navigation itself, for a while in a dialog.
  const nav = one("#nav"), navDialog = one("#nav-dialog");
  function openMenu(event) {
    event.preventDefault();
    navDialog.append(nav);
    navDialog.showModal();
  }
  navDialog.addEventListener("close", () => { document.body.insertBefore(nav, one(".page")); one("[data-menu]").focus(); });

  // The drawer: filled by htmx, opened when filled; what opened it has the focus again when it closes.
  const drawer = one("#drawer");
  let opener = null;
  document.addEventListener("htmx:after:swap", () => {
    if (one("#drawer-title") && !drawer.open) drawer.showModal();
    all("[data-selection]").forEach((bar) => count(bar.closest("form")));
  });
  drawer.addEventListener("close", () => {
    const changed = one("#drawer-body [data-changed]");
    one("#drawer-body").replaceChildren();
    if (changed) location.reload();
    if (opener && opener.isConnected) opener.focus();
  });
  drawer.addEventListener("click", (event) => { if (event.target === drawer) drawer.close(); });

  // Selection: count and sum, said and shown; the server counts again.
  const format = (amount, sign) => sign + amount.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  function count(form) {
    const bar = form && one("[data-selection]", form);
    if (!bar) return;
    const picked = all("input[name=item]:checked", form);
    const sums = new Map();
    for (const box of picked) if (box.dataset.amount) sums.set(box.dataset.sign, (sums.get(box.dataset.sign) || 0) + Number(box.dataset.amount));
    const sum = [...sums].map(([sign, amount]) => format(amount, sign)).join(" + ");
    const text = picked.length ? [`${picked.length} selected`, sum].filter(Boolean).join(", ") : "";
    const shown = one("[data-count]", bar);
    if (shown.textContent !== (text || shown.dataset.count)) {
      shown.textContent = text || shown.dataset.count;
      say(text || "Nothing selected");
    }
    for (const button of all("[data-bulk]", bar)) {
      button.disabled = !picked.length;
      const one_ = picked.length === 1;
      const [single, several] = button.dataset.bulk.split("|");
      button.textContent = picked.length ? (one_ ? single : several.replace("#", picked.length)) : button.dataset.none;
    }
    const boxes = all("input[name=item]", form), whole = one("[data-all]", form);
    if (whole) {
      whole.checked = picked.length > 0 && picked.length === boxes.length;
      whole.indeterminate = picked.length > 0 && picked.length < boxes.length;
    }
  }
  document.addEventListener("change", (event) => {
    const box = event.target, form = box.form;
    if (box.matches("[data-all]")) all("input[name=item]", form).forEach((each) => { each.checked = box.checked; });
    if (box.matches("[data-all], input[name=item]")) count(form);
    if (box.matches("[data-send]")) form.requestSubmit();
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a, button");
    for (const menu of all("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    if (!link) return;
    if (link.matches("[data-menu]")) openMenu(event);
    if (link.matches("[data-close]") && link.closest("dialog")) { event.preventDefault(); link.closest("dialog").close(); }
    if (link.matches("[hx-target='#drawer-body']") && !link.closest("dialog")) opener = link;
  });

  // Keys: single letters never act in inputs, and can be switched off.
  const rows = () => all("main tbody tr[data-row]");
  let here = -1, before = "";
  function move(by) {
    const found = rows();
    if (!found.length) return;
    if (found[here]) delete found[here].dataset.here;
    here = Math.max(0, Math.min(found.length - 1, here + by));
    found[here].dataset.here = "";
    one("th a, td a", found[here]).focus();
  }
  function inRow(selector) {
    const row = rows()[here];
    const found = row && one(selector, row);
    if (found) found.click();
  }
  const acts = {
    "/": () => one("#q")?.focus(),
    "?": () => { location.href = "/portal/help"; },
    j: () => move(1),
    k: () => move(-1),
    x: () => inRow("input[name=item]"),
    e: () => inRow("[data-explain]"),
  };
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") all("details.menu[open]").forEach((menu) => { menu.open = false; one("summary", menu).focus(); });
    if (event.ctrlKey || event.metaKey || event.altKey || document.documentElement.dataset.keys === "off") return;
    if (event.target.closest("input, textarea, select, [contenteditable]") && event.target.type !== "checkbox") return;
    const goes = before === "g" && one(`[data-go="${CSS.escape(event.key)}"]`);
    before = event.key;
    if (goes) { location.href = goes.href; return; }
    if (one("dialog[open]") || !acts[event.key]) return;
    event.preventDefault();
    acts[event.key]();
  });

  // A request that takes longer than 300 ms shows that it does.
  document.addEventListener("htmx:before:request", (event) => {
    const target = event.detail.ctx.target;
    event.detail.ctx.waiting = setTimeout(() => {
      target.setAttribute("aria-busy", "true");
      if (target.id !== "drawer-body" || drawer.open) return;
      target.replaceChildren(one("#skeleton").content.cloneNode(true));
      drawer.showModal();
    }, 300);
  });
  document.addEventListener("htmx:finally:request", (event) => {
    clearTimeout(event.detail.ctx.waiting);
    event.detail.ctx.target.removeAttribute("aria-busy");
  });
  document.addEventListener("htmx:error", () => say("Ledgerway did not answer. Try again."));
  all("form").forEach(count);
})();
