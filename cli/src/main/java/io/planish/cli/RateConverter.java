package io.planish.cli;

import picocli.CommandLine.ITypeConverter;

/** Bytes a second, written as {@link SizeConverter} has them; nothing is no limit. */
final class RateConverter implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
        long rate = new SizeConverter().convert(text);
        return rate == 0 ? Long.MAX_VALUE : rate;
    }
}
