// The peer: nginx with nchan as Debian has it, one process in the foreground, one channel:
// websocket subscribers at /sub, a websocket publisher at /pub. Gives the command to start it.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fail, work } from '../lib/tools.mjs';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';
const NGINX = '/usr/sbin/nginx';

export function nchan(port) {
  for (const file of [MODULE, NGINX]) {
    if (!existsSync(file)) fail(`${file} is missing: apt-get install nginx-light libnginx-mod-nchan`);
  }
  const home = path.join(work, 'nchan');
  mkdirSync(home, { recursive: true });
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const config = `
load_module ${MODULE};
daemon off;
master_process off;
worker_processes 1;
worker_rlimit_nofile 20000;
error_log stderr error;
pid ${home}/nginx.pid;
events { worker_connections 19000; }
http {
  access_log off;
  ${temp.map((name) => `${name}_temp_path ${home}/${name};`).join('\n  ')}
  nchan_shared_memory_size 64M;
  server {
    listen 127.0.0.1:${port};
    tcp_nodelay on;
    location = /sub { nchan_subscriber websocket; nchan_channel_id room; nchan_subscriber_first_message newest; }
    location = /pub { nchan_publisher websocket; nchan_channel_id room; nchan_message_buffer_length 64; }
  }
}
`;
  writeFileSync(`${home}/nginx.conf`, config);
  return [NGINX, '-p', home, '-c', `${home}/nginx.conf`, '-e', 'stderr'];
}
