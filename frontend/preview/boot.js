// The one script that the preview's frame begins with. It takes a port from the page that opened the frame, and runs the
// program that comes through it. The frame has an origin of its own that can do nothing, and its policy closes the network:
// this script protects nothing by itself, except where it says so. The hash of these very bytes stands in that policy
// (services/aether/src/preview_frame.rs, gateway/nginx.conf); tests compare them.
(() => {
  // Protection: WebRTC and WebTransport know no Content-Security-Policy, and no second realm can be had from in here.
  for (const name of [
    "RTCPeerConnection",
    "webkitRTCPeerConnection",
    "RTCDataChannel",
    "RTCIceTransport",
    "RTCDtlsTransport",
    "RTCSctpTransport",
    "WebTransport",
    "WebSocketStream",
    "TCPSocket",
    "UDPSocket",
  ]) {
    try {
      delete globalThis[name];
    } catch {
      // It is not there, or cannot be taken away; then the headers stand alone.
    }
  }

  const MAX_TEXT = 4_000;
  const MAX_ARGUMENTS = 20;

  /** @type {MessagePort | undefined} */
  let port;
  const send = (message) => {
    try {
      port?.postMessage(message);
    } catch {
      // What cannot be cloned is not worth a crash.
    }
  };

  // ---- what is told ----

  /** The names of modules behind the addresses that they are loaded from. */
  const names = new Map();
  const named = (text) =>
    String(text)
      .slice(0, MAX_TEXT * 2)
      .replace(/blob:[a-z0-9:/.-]*\/[0-9a-f-]{36}/gi, (url) => names.get(url) ?? url)
      .slice(0, MAX_TEXT);

  const report = (kind, error, more = {}) => {
    const isError = error instanceof Error;
    send({
      type: "error",
      kind,
      message: named(isError ? error.message || error.name : error),
      name: isError ? named(error.name) : "",
      stack: isError ? named(error.stack ?? "") : "",
      ...more,
    });
  };

  const shown = (value) => {
    if (typeof value === "string") return value;
    if (value instanceof Error) return named(value.stack || value);
    try {
      return JSON.stringify(value, null, 1) ?? String(value);
    } catch {
      return String(value);
    }
  };
  const log = (level, values) => {
    const texts = values.slice(0, MAX_ARGUMENTS).map((value) => {
      try {
        return shown(value).slice(0, MAX_TEXT);
      } catch {
        return "(cannot be shown)";
      }
    });
    send({ type: "console", level, texts });
  };
  for (const level of ["debug", "log", "info", "warn", "error"]) {
    console[level] = (...values) => log(level, values);
  }

  addEventListener("error", (event) => {
    if (event.error === undefined && !event.message) return;
    report("runtime", event.error ?? event.message, {
      file: named(event.filename ?? ""),
      line: event.lineno,
      column: event.colno,
    });
    // What stands in the panel does not stand in the browser's console a second time.
    event.preventDefault();
  });
  addEventListener("unhandledrejection", (event) => {
    report("promise", event.reason);
    event.preventDefault();
  });
  addEventListener("securitypolicyviolation", (event) => {
    // The parser of HTML tells of every `on…` attribute, even though they are taken out before the page is used.
    if (event.effectiveDirective === "script-src-attr") return;
    send({ type: "blocked", directive: event.effectiveDirective, url: String(event.blockedURI).slice(0, MAX_TEXT) });
  });

  // ---- what an app finds in place of what a sandbox does not have ----

  const define = (name, value) => {
    Object.defineProperty(globalThis, name, { value, writable: false, configurable: false });
  };

  // The network: the page outside decides about every call.
  const calls = new Map();
  let lastCall = 0;
  define("fetch", (input, init = {}) => {
    lastCall += 1;
    const id = lastCall;
    const from = typeof Request === "function" && input instanceof Request ? input : undefined;
    const url = String(from?.url ?? input).slice(0, MAX_TEXT);
    const method = String(init.method ?? from?.method ?? "GET")
      .toUpperCase()
      .slice(0, 20);
    return new Promise((resolve, reject) => {
      calls.set(id, { resolve, reject });
      send({ type: "network", id, method, url });
    });
  });

  // Storage lasts in the page outside. It gives what was kept when a program begins, and is told what is in it now: soon, whole,
  // and so much at most.
  const STORAGE_ROOM = 256 * 1024;
  const STORAGE_KEYS = 1_000;
  const TELL_MS = 100;
  const fillers = {};
  const storage = (area) => {
    const kept = new Map();
    let size = 0;
    let isDue = false;
    let toldAt = Number.NEGATIVE_INFINITY;
    const tell = () => {
      isDue = false;
      toldAt = performance.now();
      send({ type: "storage", area, entries: [...kept] });
    };
    const changed = () => {
      if (isDue) return;
      isDue = true;
      const wait = toldAt + TELL_MS - performance.now();
      if (wait > 0) setTimeout(tell, wait);
      else queueMicrotask(tell);
    };
    const remove = (key) => {
      if (kept.has(key)) size -= key.length + kept.get(key).length;
      return kept.delete(key);
    };
    const put = (key, value) => {
      const known = kept.has(key) ? key.length + kept.get(key).length : 0;
      const next = size - known + key.length + value.length;
      if (next > STORAGE_ROOM || (known === 0 && kept.size >= STORAGE_KEYS)) {
        throw new DOMException("An app in the preview may keep 256 KB.", "QuotaExceededError");
      }
      kept.set(key, value);
      size = next;
    };
    fillers[area] = (entries) => {
      for (const [key, value] of entries) put(key, value);
    };
    const methods = {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, value) => {
        put(String(key), String(value));
        changed();
      },
      removeItem: (key) => {
        if (remove(String(key))) changed();
      },
      clear: () => {
        if (kept.size === 0) return;
        kept.clear();
        size = 0;
        changed();
      },
      key: (index) => [...kept.keys()][index] ?? null,
      get length() {
        return kept.size;
      },
    };
    // `localStorage.theme` is as good as `getItem("theme")`.
    return new Proxy(methods, {
      get: (target, name) => (name in target ? target[name] : kept.get(name)),
      set: (_, name, value) => {
        methods.setItem(name, value);
        return true;
      },
      deleteProperty: (_, name) => {
        methods.removeItem(name);
        return true;
      },
      has: (target, name) => name in target || kept.has(name),
      ownKeys: () => [...kept.keys()],
      getOwnPropertyDescriptor: (_, name) =>
        kept.has(name) ? { value: kept.get(name), writable: true, enumerable: true, configurable: true } : undefined,
    });
  };
  define("localStorage", storage("local"));
  define("sessionStorage", storage("session"));

  // A sandbox shows no dialogs, and a port cannot be waited for. The page outside shows what was said, and what was answered: OK,
  // until it says otherwise; to `prompt`, what was preset.
  let isConfirmed = true;
  const dialog = (kind, text, answer) => send({ type: "dialog", kind, text: String(text).slice(0, MAX_TEXT), answer });
  define("alert", (text = "") => dialog("alert", text, null));
  define("confirm", (text = "") => {
    dialog("confirm", text, isConfirmed ? "OK" : "Cancel");
    return isConfirmed;
  });
  define("prompt", (text = "", preset = null) => {
    dialog("prompt", text, preset === null ? null : String(preset).slice(0, MAX_TEXT));
    return preset === null ? null : String(preset);
  });

  // The keys of the page outside work in here too: there is a way out of the frame without a mouse, before an app hears of them.
  addEventListener(
    "keydown",
    (event) => {
      const mod = event.ctrlKey || event.metaKey;
      const key = event.key.toLowerCase();
      if (!event.isTrusted || event.altKey || event.shiftKey || !(mod ? /^[1-6s]$/ : /^f8$/).test(key)) return;
      event.preventDefault();
      send({ type: "key", key });
    },
    true,
  );

  // In the bubbling phase, after the app's own listeners: what they have taken care of is theirs.
  addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    log("warn", ["A form was sent by the browser's own way. There is no server in a preview: handle onSubmit."]);
  });
  addEventListener("click", (event) => {
    const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
    if (!link || event.defaultPrevented) return;
    const href = link.getAttribute("href") ?? "";
    if (href.startsWith("#")) {
      // Followed by hand: with the address of the frame, it would be another page.
      event.preventDefault();
      document.getElementById(decodeURIComponent(href.slice(1)))?.scrollIntoView({ behavior: "smooth" });
      return;
    }
    event.preventDefault();
    send({ type: "link", href: String(link.href).slice(0, MAX_TEXT) });
  });

  // ---- modules ----

  const factories = new Map();
  const loaded = new Map();
  define("__aether__", (name, factory) => void factories.set(name, factory));

  const script = (blob, name) =>
    new Promise((resolve) => {
      const url = URL.createObjectURL(blob);
      if (name) names.set(url, name);
      const element = document.createElement("script");
      element.async = false;
      // A script that does not parse has been told of by the event `error`.
      element.onload = element.onerror = () => {
        URL.revokeObjectURL(url);
        element.remove();
        resolve();
      };
      element.src = url;
      document.head.append(element);
    });
  const source = (text, name) =>
    new Blob([text, `\n//# sourceURL=${name.replace(/[\s\u2028\u2029]/g, "_")}`], { type: "text/javascript" });

  const load = (name, imports) => {
    const known = loaded.get(name);
    if (known) return known.exports;
    const factory = factories.get(name);
    if (!factory) throw new Error(`The module "${name}" is not there.`);
    const module = { exports: {} };
    loaded.set(name, module);
    const targets = imports.get(name);
    factory((wanted) => load(targets?.get(wanted) ?? wanted, imports), module, module.exports);
    return module.exports;
  };

  // Packages come before there is a program, where it is known which it will want: nothing of an app is in them.
  let prepared = Promise.resolve();
  const prepare = async (packages) => {
    await Promise.all(packages.map(([name, blob]) => script(blob, name)));
    for (const [name] of packages) load(name, new Map());
  };

  const show = (component, imports) =>
    new Promise((resolve) => {
      const { createRoot } = load("react-dom/client", imports);
      const { createElement, useEffect } = load("react", imports);
      const stack = (info) => ({ componentStack: named(info?.componentStack ?? "") });
      // biome-ignore lint/correctness/noComponentHookFactories: React comes with the program, and it is made once
      const Mounted = () => {
        // Not a frame of animation: those stand still while the frame is hidden.
        useEffect(() => resolve(true), []);
        return null;
      };
      const root = createRoot(document.getElementById("root"), {
        onUncaughtError: (error, info) => {
          report("render", error, stack(info));
          resolve(false);
        },
        onCaughtError: (error, info) => report("render", error, stack(info)),
      });
      root.render([createElement(component, { key: "app" }), createElement(Mounted, { key: "mounted" })]);
    });

  // What the frame was sent with is not on the page of an app.
  document.currentScript?.remove();

  /** An entry that mounts itself is there once it has put something on the page, or soon at the latest. */
  const mountsItself = () =>
    new Promise((resolve) => {
      const isThere = () => document.getElementById("root")?.firstChild || document.body.children.length > 1;
      if (isThere()) return resolve(true);
      const watch = new MutationObserver(() => {
        if (isThere()) done(true);
      });
      const failed = () => done(false);
      const done = (well) => {
        watch.disconnect();
        removeEventListener("error", failed);
        resolve(well);
      };
      watch.observe(document.body, { childList: true, subtree: true });
      addEventListener("error", failed);
      setTimeout(() => done(true), 1_500);
    });

  const isComponent = (value) => typeof value === "function" || (typeof value === "object" && value?.$$typeof);

  async function runModules({ entry, imports }) {
    if (!factories.has(entry)) return false;
    const { default: component } = load(entry, imports);
    if (isComponent(component)) return show(component, imports);
    return mountsItself();
  }

  // ---- pages of HTML ----

  // The policy stops attributes that hold code. Each becomes a function of a script, and a listener: those that the page has, and
  // those that its scripts write.
  const MARK = "data-aether-";
  const handlers = [];
  const handlerOf = new Map();
  const handlerScripts = [];

  function takeHandlers(root) {
    const elements = [...root.querySelectorAll("*")];
    if (root instanceof Element) elements.push(root);
    for (const element of elements) {
      for (const { name, value } of [...element.attributes]) {
        if (!/^on[a-z]/i.test(name)) continue;
        const at = handlerOf.get(value) ?? handlers.push(value) - 1;
        handlerOf.set(value, at);
        element.setAttribute(MARK + name.slice(2).toLowerCase(), String(at));
        element.removeAttribute(name);
      }
    }
    return elements;
  }

  async function bindHandlers(root) {
    const elements = takeHandlers(root);
    if (!elements.some((element) => [...element.attributes].some(({ name }) => name.startsWith(MARK)))) return;
    for (let at = handlerScripts.length; at < handlers.length; at += 1) {
      const code = `__aether__("handler ${at}",function(event){${handlers[at]}\n})`;
      handlerScripts.push(script(source(code, "index.html"), "index.html"));
    }
    await Promise.all(handlerScripts);
    for (const element of elements) {
      for (const { name, value } of [...element.attributes]) {
        const run = name.startsWith(MARK) ? factories.get(`handler ${value}`) : undefined;
        if (!run) continue;
        element.removeAttribute(name);
        element.addEventListener(name.slice(MARK.length), function (event) {
          if (run.call(this, event) === false) event.preventDefault();
        });
      }
    }
  }

  async function runPage(program) {
    const page = new DOMParser().parseFromString(program.html, "text/html");
    const removed = (element, where) => {
      log("warn", [`<${element.localName}${where ? ` … "${where}"` : ""}> is not available in a preview.`]);
      element.remove();
    };
    for (const element of page.querySelectorAll("base, meta[http-equiv], iframe, frame, object, embed, portal")) {
      removed(element, element.getAttribute("src") ?? element.getAttribute("data"));
    }
    const pageScripts = new Map(program.pageScripts);
    for (const element of page.querySelectorAll("link")) {
      // A style sheet of the artifact is in the program's styles already.
      const href = element.getAttribute("href") ?? "";
      if (/stylesheet/i.test(element.rel) && program.pageStyles.includes(href)) element.remove();
      else removed(element, href);
    }
    const scripts = [];
    for (const element of page.querySelectorAll("script")) {
      const src = element.getAttribute("src");
      const type = element.type.toLowerCase();
      if (src !== null) {
        const text = pageScripts.get(src);
        if (text !== undefined) scripts.push({ text, name: src });
        else if (!program.answered.includes(src)) {
          removed(element, src);
          continue;
        }
        element.remove();
      } else if (/^$|javascript|ecmascript|^module$/.test(type)) {
        scripts.push({ text: element.textContent ?? "", name: `index.html (script ${scripts.length + 1})` });
        element.remove();
      }
    }
    takeHandlers(page);
    for (const style of page.querySelectorAll("head style")) document.head.append(document.adoptNode(style));
    for (const place of ["documentElement", "body"]) {
      for (const { name, value } of page[place].attributes) document[place].setAttribute(name, value);
    }
    if (page.title) document.title = page.title;
    document.getElementById("root").replaceWith(...[...page.body.childNodes].map((node) => document.adoptNode(node)));
    for (const { text, name } of scripts) await script(source(text, name), name);
    await bindHandlers(document);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) {
        for (const node of addedNodes) if (node instanceof Element) void bindHandlers(node);
      }
    }).observe(document, { childList: true, subtree: true });
    document.dispatchEvent(new Event("DOMContentLoaded", { bubbles: true }));
    dispatchEvent(new Event("load"));
    return true;
  }

  // ---- the program ----

  const setTheme = (dark) => {
    document.documentElement.classList.toggle("dark", dark);
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  };

  async function run(program) {
    const began = performance.now();
    for (const [area, entries] of program.storage) fillers[area](entries);
    await prepared;
    const imports = new Map(program.imports.map(([name, targets]) => [name, new Map(targets)]));
    if (program.html === null) setTheme(program.dark === true);
    if (program.css) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(program.css);
      document.adoptedStyleSheets = [sheet];
    }
    await Promise.all([
      ...program.packages.filter(([name]) => !factories.has(name)).map(([name, blob]) => script(blob, name)),
      ...program.modules.map(([name, code]) =>
        script(source(`__aether__(${JSON.stringify(name)},function(require,module,exports){${code}\n})`, name), name),
      ),
    ]);
    let well = false;
    try {
      if (program.html !== null) well = await runPage(program);
      if (program.entry !== null) well = await runModules({ entry: program.entry, imports });
    } catch (error) {
      report("runtime", error);
      well = false;
    }
    send(well ? { type: "ready", ms: performance.now() - began } : { type: "failed" });
  }

  const take = ({ data }) => {
    switch (data.type) {
      case "prepare":
        // What does not go well now goes as it does when the program comes.
        prepared = prepare(data.packages).catch(() => undefined);
        break;
      case "run":
        void run(data.program);
        break;
      case "shown":
        requestAnimationFrame(() => requestAnimationFrame(() => send({ type: "painted" })));
        break;
      case "theme":
        setTheme(data.dark === true);
        break;
      case "answer":
        isConfirmed = data.yes === true;
        break;
      case "ping":
        send({ type: "pong", n: data.n });
        break;
      case "network": {
        const call = calls.get(data.id);
        calls.delete(data.id);
        call?.reject(new TypeError(data.error));
        break;
      }
    }
  };

  // Protection: the port is taken once, and only from the page that holds this frame.
  addEventListener("message", (event) => {
    if (port || event.source !== parent || parent === window || event.data !== "aether:port" || !event.ports[0]) return;
    event.stopImmediatePropagation();
    port = event.ports[0];
    port.onmessage = take;
    send({ type: "boot" });
  });
})();
