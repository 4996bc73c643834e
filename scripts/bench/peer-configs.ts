/**
 * The peers' configs: one worker or thread, connections kept on both sides, no
 * log, no cache, and otherwise as they come. Where a setting that few people make
 * changes the picture, the tuned peer takes part beside the plain one.
 */
import type { UpstreamPorts } from "./peers.ts";

/** Enough for 5,000 tunnels of two connections each. */
const CONNECTIONS = 12_000;

/** nginx forwards to a name only without kept connections, so it gets its upstream named beforehand. */
export function nginxForward(port: number, upstream: UpstreamPorts, folder: string, more = ""): string {
  return `${nginxBase(1, folder)}
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
      proxy_set_header Host $http_host;
      proxy_max_temp_file_size 0;
${more}    }
  }
}
`;
}

/** Its own buffers are 4 KB each: with large ones a large body costs a third. */
export function nginxLargeBuffers(port: number, upstream: UpstreamPorts, folder: string): string {
  const more = "proxy_buffer_size 16k; proxy_buffers 8 32k; proxy_busy_buffers_size 64k;\n";
  return nginxForward(port, upstream, folder, more);
}

/**
 * What everybody forwards to: static files from the page cache, two workers. The
 * same files may be stored by their path below /stored/, and may not by that below
 * /unstored/. /requests tells how many requests there have been, itself included.
 */
export function nginxWeb(port: number, folder: string): string {
  return `${nginxBase(2, folder)}
  sendfile on;
  open_file_cache max=100;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    root ${folder}/files;
    location /stored/ {
      alias ${folder}/files/;
      add_header Cache-Control "max-age=3600";
    }
    location /unstored/ {
      alias ${folder}/files/;
      add_header Cache-Control "no-store";
    }
    location = /requests { stub_status; }
  }
}
`;
}

export function nginxBase(workers: number, folder: string): string {
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
worker_processes ${workers};
worker_rlimit_nofile 20000;
pid ${folder}/pid;
error_log ${folder}/error.log crit;
events { worker_connections ${CONNECTIONS}; }
http {
  access_log off;
  keepalive_requests 1000000000;
  tcp_nodelay on;
${places.map((place) => `  ${place}_temp_path ${folder}/${place};`).join("\n")}`;
}

export function haproxyHttp(port: number, upstream: UpstreamPorts): string {
  return `${haproxyBase("http")}
  option http-keep-alive
  http-reuse always
frontend in
  bind 127.0.0.1:${port}
  default_backend web
backend web
  server web 127.0.0.1:${upstream.web} pool-max-conn 128
`;
}

export function haproxyTcp(port: number, upstream: UpstreamPorts): string {
  return `${haproxyBase("tcp")}
frontend in
  bind 127.0.0.1:${port}
  default_backend tunnel
backend tunnel
  server tunnel 127.0.0.1:${upstream.tunnel}
`;
}

function haproxyBase(mode: "http" | "tcp"): string {
  return `global
  nbthread 1
  maxconn ${CONNECTIONS / 2}
defaults
  mode ${mode}
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  timeout tunnel 10m`;
}

export function squid(port: number, _upstream: UpstreamPorts, folder: string): string {
  return squidWith("http_access allow all\n", port, folder);
}

/** `access`: the lines that say who may. */
export function squidWith(access: string, port: number, folder: string): string {
  return `http_port 127.0.0.1:${port}
visible_hostname bench
${access}cache deny all
cache_mem 8 MB
access_log none
cache_log /dev/null
pid_filename none
pinger_enable off
coredump_dir ${folder}
max_filedescriptors 16384
shutdown_lifetime 0 seconds
`;
}

export function tinyproxy(port: number): string {
  return `Port ${port}
Listen 127.0.0.1
Timeout 600
MaxClients ${CONNECTIONS}
LogLevel Critical
`;
}
