// Walks channelz from the top channels to each socket with gRPC's own client for Node: node walk.js HOST:PORT MODULES
// MODULES is a folder of node_modules with @grpc/grpc-js and @grpc/proto-loader.
const path = require('path');
const [address, modules] = process.argv.slice(2);
const grpc = require(path.join(modules, '@grpc/grpc-js'));
const loader = require(path.join(modules, '@grpc/proto-loader'));

// The definition is the one that grpc-js ships, not ours.
const definition = loader.loadSync('channelz.proto', {
  keepCase: true, longs: String, enums: String, defaults: true, oneofs: true,
  includeDirs: [path.join(modules, '@grpc/grpc-js/proto'), path.join(modules, '@grpc/grpc-js/proto/protoc-gen-validate'), path.join(modules, '@grpc/grpc-js/proto/xds')],
});
const client = new (grpc.loadPackageDefinition(definition).grpc.channelz.v1.Channelz)(address, grpc.credentials.createInsecure());
const call = (method, request) => new Promise((resolve, reject) =>
  client[method](request, { deadline: Date.now() + 10000 }, (error, response) => (error ? reject(error) : resolve(response))));
const check = (condition, what) => { if (!condition) { throw new Error(`Not so: ${what}`); } };

(async () => {
  let start = '0';
  let channels = 0;
  let sockets = 0;
  for (let end = false; !end;) {
    const page = await call('GetTopChannels', { start_channel_id: start, max_results: 1 });
    end = page.end;
    for (const top of page.channel) {
      channels++;
      check(BigInt(top.ref.channel_id) >= BigInt(start), 'numbers rise');
      start = (BigInt(top.ref.channel_id) + 1n).toString();
      const { channel } = await call('GetChannel', { channel_id: top.ref.channel_id });
      for (const ref of channel.subchannel_ref) {
        const { subchannel } = await call('GetSubchannel', { subchannel_id: ref.subchannel_id });
        for (const socketRef of subchannel.socket_ref) {
          const { socket } = await call('GetSocket', { socket_id: socketRef.socket_id });
          check(socket.remote.address === 'tcpip_address' || socket.remote.address === 'uds_address', 'a socket has a remote address');
          sockets++;
        }
      }
      console.log(`${channel.ref.channel_id} ${channel.ref.name} ${channel.data.state.state} ${channel.data.target}: ${channel.data.calls_started} calls, ${channel.subchannel_ref.length} connections`);
    }
  }
  const missing = await call('GetChannel', { channel_id: '987654321' }).then(() => null, (error) => error);
  check(missing && missing.code === grpc.status.NOT_FOUND, 'an unknown number is NOT_FOUND');
  const servers = await call('GetServers', { start_server_id: '0' });
  check(servers.end && servers.server.length === 0, 'there are no servers');
  check(channels > 0 && sockets > 0, 'there is a channel with a socket');
  console.log(`Walked ${channels} channels and ${sockets} sockets.`);
  process.exit(0);
})().catch((error) => { console.error(error); process.exit(1); });
