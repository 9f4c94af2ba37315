import { fetchTransport } from '../../src/upstream/fetch.ts'
import { transportContract } from './transport-contract.ts'

transportContract('fetch', fetchTransport)
