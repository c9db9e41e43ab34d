/**
 * Feature views and training datasets: {@link dev.kelda.feature.FeatureExtension} plugs them in.
 */
package dev.kelda.feature;
