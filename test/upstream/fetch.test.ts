import { fetchTransport } from '../../src/upstream/fetch.ts'
import { http1PeerServer } from '../support/peer-server.ts'
import { transportContract } from './transport-contract.ts'

transportContract('fetch', { make: fetchTransport, server: http1PeerServer, sharesConnections: false })
