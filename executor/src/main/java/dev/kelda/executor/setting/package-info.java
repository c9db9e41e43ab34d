/**
 * What a session can set: one typed list ({@link dev.kelda.executor.setting.Settings}), checked
 * when a value is set, read without parsing.
 *
 * <pre>
 * SET name = text --Setting.parse--> SettingValues --value(setting)--> typed value
 * </pre>
 *
 * Invariants: a value that is stored is valid; an unknown name is an error with the nearest one.
 */
package dev.kelda.executor.setting;
