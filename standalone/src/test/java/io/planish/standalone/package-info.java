@NullMarked
package io.planish.standalone;

import org.jspecify.annotations.NullMarked;
