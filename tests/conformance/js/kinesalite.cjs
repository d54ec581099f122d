// kinesalite, an emulator of Kinesis, on loopback: its own command listens on all interfaces.
// usage: node kinesalite.cjs PORT
const kinesalite = require('kinesalite');

const server = kinesalite({createStreamMs: 50, deleteStreamMs: 50, updateStreamMs: 50,
                           shardLimit: 1000});
server.listen(Number(process.argv[2]), '127.0.0.1');
