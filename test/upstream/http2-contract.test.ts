import { http2Transport } from '../../src/upstream/http2.ts'
import { http2PeerServer } from '../support/http2-peer-server.ts'
import { transportContract, type TransportSettings } from './transport-contract.ts'

const noHttp1 = { send: () => Promise.reject(new Error('not to be used')) }

transportContract('HTTP/2', {
  make: (options: TransportSettings) => http2Transport(options, noHttp1),
  server: http2PeerServer,
  sharesConnections: true,
})
