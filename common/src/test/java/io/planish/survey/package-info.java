@NullMarked
package io.planish.survey;

import org.jspecify.annotations.NullMarked;
