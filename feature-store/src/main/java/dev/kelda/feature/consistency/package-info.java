/**
 * Whether what is online is what the offline tables say, as a number: {@code CONSISTENCY(…)} is a
 * query over both.
 */
package dev.kelda.feature.consistency;
