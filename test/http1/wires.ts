/**
 * Whole conversations as they look on the wire: good ones, odd ones, and the
 * tricks that are known to set two parsers at odds. The fuzzer begins with
 * these; a wire on which it found a bug is added to the last table.
 */
const HOST = "Host: a\r\n";
const GET = `GET http://a/ HTTP/1.1\r\n${HOST}\r\n`;
const CHUNKED = "Transfer-Encoding: chunked\r\n";

const goodRequests = [
  GET,
  "GET http://Example.com:8080/path?query HTTP/1.1\r\nHost: example.com\r\nUser-Agent: x\r\nAccept: */*\r\n\r\n",
  "GET http://[::1]:81/ HTTP/1.1\r\nHost: [::1]:81\r\nConnection: keep-alive\r\n\r\n",
  "GET http://a/ HTTP/1.0\r\n\r\n",
  "GET http://a/ HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\nGET http://a/2 HTTP/1.0\r\n\r\n",
  "HEAD http://a/ HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nConnection: TE\r\n\r\n",
  `POST http://a/ HTTP/1.1\r\n${HOST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\nhello`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n5\r\nhello\r\n0\r\n\r\n`,
  `PUT http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}Trailer: X-Sum\r\n\r\n3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\nHost: b\r\n\r\n`,
  `OPTIONS http://a HTTP/1.1\r\n${HOST}Max-Forwards: 2\r\n\r\nOPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  `TRACE http://a/ HTTP/1.1\r\n${HOST}Max-Forwards: 0\r\nCookie: x\r\n\r\n`,
  `GET http://a/ws HTTP/1.1\r\n${HOST}Connection: Upgrade, x-hop\r\nUpgrade: websocket\r\nX-Hop: 1\r\n\r\n`,
  "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n\x16\x03\x01hello",
  `GET / HTTP/1.1\r\n${HOST}\r\n`,
  `${GET}POST http://b/ HTTP/1.1\r\nHost: b\r\nContent-Length: 3\r\n\r\nabc${GET}`,
  `\r\n${GET}\r\n${GET}`,
  `DELETE http://a/x HTTP/1.1\r\n${HOST}Via: 1.1 headgate, 1.0 b\r\nConnection: via, close\r\n\r\n`,
  `GET http://a/ HTTP/1.1\r\n${HOST}${"X: 1\r\n".repeat(22)}\r\n`,
  `GET http://a/${"x".repeat(240)} HTTP/1.1\r\n${HOST}\r\n`,
  `GET http://a/ HTTP/1.1\r\n${HOST}X: ${"y".repeat(5_000)}\r\n\r\n`,
];

const trickyRequests = [
  `POST http://a/ HTTP/1.1\r\n${HOST}Content-Length: 6\r\n${CHUNKED}\r\n0\r\n\r\nG`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}Content-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}Transfer-Encoding: x\r\n\r\n0\r\n\r\n${GET}`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Transfer-Encoding: ,chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Transfer-Encoding:\r\n${CHUNKED}\r\n0\r\n\r\n${GET}`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Transfer-\r\nEncoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}X: x\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.0\r\n${CHUNKED}\r\n0\r\n\r\n${GET}`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Content-Length:\r\nContent-Length: 50\r\n\r\n${GET}`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nhello`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Connection: content-length\r\nContent-Length: 45\r\n\r\n${GET}`,
  `POST http://a/ HTTP/1.1\r\n${HOST}Connection: transfer-encoding, host\r\n${CHUNKED}\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n0x5\r\nhello\r\n0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n5\r\r;ABCD\r\n34\r\nE\r\n0\r\n\r\n${GET}`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n2;\nxx\r\n4c\r\n0\r\n\r\n${GET}`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n5\r\nhelloXX0\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n0\r\nX:POST / HTTP/1.1\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
  `POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}\r\n1\r\na\r\n0\r\nX : 1\r\n\r\n`,
  `GET http://a/ HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`,
  `GET http://a/ HTTP/1.1\r\n${HOST}\rZGET /evil: HTTP/1.1\r\n${HOST}\r\n`,
  `GET http://a/ HTTP/1.1\r\n: ignored\r\n${HOST}\r\n`,
  "GET http://a@b/ HTTP/1.1\r\nHost: b\r\n\r\n",
  "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
  "GET http://a/ HTTP/1.1\r\n\r\n",
  `GET http://a/#@b HTTP/1.1\r\n${HOST}\r\n`,
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "GET http://a/\r\n",
];

const OK = "HTTP/1.1 200 OK\r\n";

export const responseWires: readonly string[] = [
  `${OK}Content-Length: 5\r\n\r\nhello`,
  `${OK}Content-Length: 0\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\n`,
  `${OK}${CHUNKED}\r\n5;a\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
  `${OK}${CHUNKED}\r\n1\r\na\r\n0\r\nX : 1\r\n\r\n`,
  `${OK}\r\nuntil the end`,
  "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok",
  "HTTP/1.0 200 OK\r\n\r\nuntil the end",
  "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n",
  `HTTP/1.1 100 Continue\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`,
  `HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 102\r\n\r\n${OK}${CHUNKED}\r\n2\r\nok\r\n0\r\n\r\n`,
  "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x02hi",
  `${OK}Content-Length: 2\r\n\r\nok${OK}Content-Length: 5\r\n\r\nunasked`,
  `${OK}Content-Length: 5\r\n${CHUNKED}\r\n0\r\n\r\n`,
  `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
  `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
  `HTTP/1.0 200 OK\r\n${CHUNKED}\r\n0\r\n\r\n`,
  `${OK}X: a\n b\r\n\r\n`,
  `${OK}Connection: close, x\r\nX: 1\r\nProxy-Authenticate: Basic\r\nContent-Length: 2\r\n\r\nok`,
  "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
  "ICY 200 OK\r\n\r\n",
  `${OK}${"X: 1\r\n".repeat(23)}\r\n`,
];

export const requestWires: readonly string[] = [...goodRequests, ...trickyRequests];
