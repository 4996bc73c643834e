/**
 * The configs of the peers that cache: one worker or thread, connections kept on
 * both sides, no log, and otherwise as they come. nginx and varnish stand before
 * one upstream; squid can do that, too, and is a forward proxy besides.
 */
import { nginxBase } from "./peer-configs.ts";
import type { UpstreamPorts } from "./peers.ts";

/** `more`: lines for the location that caches. */
export function nginxCache(port: number, upstream: UpstreamPorts, folder: string, more = ""): string {
  return `${nginxBase(1, folder)}
  sendfile on;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=bench:32m max_size=2g inactive=1h use_temp_path=off;
  upstream web {
    server 127.0.0.1:${upstream.web};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://web;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_cache bench;
${more}    }
  }
}
`;
}

/** Without this it opens and closes the file of every answer. */
export function nginxOpenFiles(port: number, upstream: UpstreamPorts, folder: string): string {
  return nginxCache(port, upstream, folder, "open_file_cache max=1000 inactive=10m;\n");
}

/** The rest is on its command line. */
export function varnish(_port: number, upstream: UpstreamPorts): string {
  return `vcl 4.1;
backend web {
  .host = "127.0.0.1";
  .port = "${upstream.web}";
}
`;
}

export function squidReverse(port: number, upstream: UpstreamPorts, folder: string): string {
  return `http_port 127.0.0.1:${port} accel defaultsite=127.0.0.1:${upstream.web} no-vhost
cache_peer 127.0.0.1 parent ${upstream.web} 0 no-query no-digest originserver
${squidMemory(folder)}`;
}

export function squidForward(port: number, _upstream: UpstreamPorts, folder: string): string {
  return `http_port 127.0.0.1:${port}
${squidMemory(folder)}`;
}

/** Without a `cache_dir` all that it keeps is in memory. */
function squidMemory(folder: string): string {
  return `visible_hostname bench
http_access allow all
cache_mem 256 MB
maximum_object_size_in_memory 4 MB
memory_cache_mode always
access_log none
cache_log /dev/null
pid_filename none
pinger_enable off
coredump_dir ${folder}
max_filedescriptors 16384
shutdown_lifetime 0 seconds
`;
}
