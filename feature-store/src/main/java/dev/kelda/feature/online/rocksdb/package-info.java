/** {@link dev.kelda.feature.online.OnlineStore} in RocksDB. */
package dev.kelda.feature.online.rocksdb;
