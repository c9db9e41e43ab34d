/** {@link dev.kelda.feature.online.OnlineStore} in Redis. */
package dev.kelda.feature.online.redis;
