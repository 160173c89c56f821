// Where packets of an attack would arrive: one port of this machine for HTTP over TCP, and the same number for UDP.
import dgram from "node:dgram";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";

export class Sink {
  readonly requests: string[] = [];
  connections = 0;
  packets = 0;

  private constructor(
    private readonly server: http.Server,
    private readonly udp: dgram.Socket,
  ) {
    server.on("connection", () => {
      this.connections += 1;
    });
    server.on("request", (request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      response.writeHead(200, { "Access-Control-Allow-Origin": "*", "Content-Type": "text/plain" }).end("x");
    });
    udp.on("message", () => {
      this.packets += 1;
    });
  }

  static async open(): Promise<Sink> {
    const sink = new Sink(http.createServer(), dgram.createSocket("udp4"));
    sink.server.listen(0, "127.0.0.1");
    await once(sink.server, "listening");
    sink.udp.bind(sink.port, "127.0.0.1");
    await once(sink.udp, "listening");
    return sink;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  private get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
    this.udp.close();
  }
}

/** A page with this script and no policy at all, at an origin of its own. */
export async function bareness(script: string): Promise<{ url: string; close: () => void }> {
  const server = http.createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html" });
    response.end(`<!doctype html><body><script>${script.replaceAll("</", "<\\/")}</script></body>`);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}
