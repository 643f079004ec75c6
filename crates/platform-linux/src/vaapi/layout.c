/* Prints where VA-API's structures have their fields; `tests/va_layout.rs` compares
 * that with `layout.rs`. */
#include <stddef.h>
#include <stdio.h>
#include <va/va.h>
#include <va/va_enc_h264.h>

#define SIZE(name, type) printf(name " %zu\n", sizeof(type))
#define AT(name, type, field) printf(name " %zu\n", offsetof(type, field))
#define VALUE(name, value) printf(name " %lu\n", (unsigned long)(value))

int main(void) {
    SIZE("PICTURE", VAPictureH264);
    AT("PICTURE_FLAGS", VAPictureH264, flags);
    AT("PICTURE_TOP_ORDER", VAPictureH264, TopFieldOrderCnt);
    AT("PICTURE_BOTTOM_ORDER", VAPictureH264, BottomFieldOrderCnt);
    AT("PICTURE_INDEX", VAPictureH264, frame_idx);
    SIZE("SEQ", VAEncSequenceParameterBufferH264);
    AT("SEQ_LEVEL", VAEncSequenceParameterBufferH264, level_idc);
    AT("SEQ_INTRA_PERIOD", VAEncSequenceParameterBufferH264, intra_period);
    AT("SEQ_IDR_PERIOD", VAEncSequenceParameterBufferH264, intra_idr_period);
    AT("SEQ_IP_PERIOD", VAEncSequenceParameterBufferH264, ip_period);
    AT("SEQ_BITS", VAEncSequenceParameterBufferH264, bits_per_second);
    AT("SEQ_REFERENCES", VAEncSequenceParameterBufferH264, max_num_ref_frames);
    AT("SEQ_WIDTH", VAEncSequenceParameterBufferH264, picture_width_in_mbs);
    AT("SEQ_HEIGHT", VAEncSequenceParameterBufferH264, picture_height_in_mbs);
    AT("SEQ_FIELDS", VAEncSequenceParameterBufferH264, seq_fields);
    AT("SEQ_CROP", VAEncSequenceParameterBufferH264, frame_cropping_flag);
    AT("SEQ_CROP_RIGHT", VAEncSequenceParameterBufferH264, frame_crop_right_offset);
    AT("SEQ_CROP_BOTTOM", VAEncSequenceParameterBufferH264, frame_crop_bottom_offset);
    AT("SEQ_VUI", VAEncSequenceParameterBufferH264, vui_parameters_present_flag);
    AT("SEQ_VUI_FIELDS", VAEncSequenceParameterBufferH264, vui_fields);
    AT("SEQ_TICK", VAEncSequenceParameterBufferH264, num_units_in_tick);
    AT("SEQ_TIME_SCALE", VAEncSequenceParameterBufferH264, time_scale);
    SIZE("PIC", VAEncPictureParameterBufferH264);
    AT("PIC_REFERENCES", VAEncPictureParameterBufferH264, ReferenceFrames);
    AT("PIC_CODED", VAEncPictureParameterBufferH264, coded_buf);
    AT("PIC_FRAME_NUM", VAEncPictureParameterBufferH264, frame_num);
    AT("PIC_QP", VAEncPictureParameterBufferH264, pic_init_qp);
    AT("PIC_FIELDS", VAEncPictureParameterBufferH264, pic_fields);
    SIZE("SLICE", VAEncSliceParameterBufferH264);
    AT("SLICE_BLOCKS", VAEncSliceParameterBufferH264, num_macroblocks);
    AT("SLICE_BLOCK_INFO", VAEncSliceParameterBufferH264, macroblock_info);
    AT("SLICE_TYPE", VAEncSliceParameterBufferH264, slice_type);
    AT("SLICE_IDR_ID", VAEncSliceParameterBufferH264, idr_pic_id);
    AT("SLICE_LIST_0", VAEncSliceParameterBufferH264, RefPicList0);
    AT("SLICE_LIST_1", VAEncSliceParameterBufferH264, RefPicList1);
    SIZE("RATE", VAEncMiscParameterRateControl);
    AT("RATE_BITS", VAEncMiscParameterRateControl, bits_per_second);
    AT("RATE_PERCENTAGE", VAEncMiscParameterRateControl, target_percentage);
    AT("RATE_WINDOW", VAEncMiscParameterRateControl, window_size);
    SIZE("BUFFERING", VAEncMiscParameterHRD);
    AT("BUFFERING_FULLNESS", VAEncMiscParameterHRD, initial_buffer_fullness);
    AT("BUFFERING_SIZE", VAEncMiscParameterHRD, buffer_size);
    SIZE("FPS", VAEncMiscParameterFrameRate);
    SIZE("PACKED", VAEncPackedHeaderParameterBuffer);
    AT("PACKED_BITS", VAEncPackedHeaderParameterBuffer, bit_length);
    AT("PACKED_EMULATION", VAEncPackedHeaderParameterBuffer, has_emulation_bytes);
    SIZE("SEGMENT", VACodedBufferSegment);
    AT("SEGMENT_STATUS", VACodedBufferSegment, status);
    AT("SEGMENT_BYTES", VACodedBufferSegment, buf);
    AT("SEGMENT_NEXT", VACodedBufferSegment, next);
    SIZE("IMAGE", VAImage);
    AT("IMAGE_BUFFER", VAImage, buf);
    AT("IMAGE_SIZE", VAImage, data_size);
    AT("IMAGE_PITCHES", VAImage, pitches);
    AT("IMAGE_OFFSETS", VAImage, offsets);
    SIZE("FORMAT", VAImageFormat);
    VALUE("PROFILE_BASELINE", VAProfileH264ConstrainedBaseline);
    VALUE("ENCODE_SLICE", VAEntrypointEncSlice);
    VALUE("ENCODE_SLICE_LOW_POWER", VAEntrypointEncSliceLP);
    VALUE("ATTRIBUTE_FORMAT", VAConfigAttribRTFormat);
    VALUE("ATTRIBUTE_RATE", VAConfigAttribRateControl);
    VALUE("ATTRIBUTE_PACKED", VAConfigAttribEncPackedHeaders);
    VALUE("ATTRIBUTE_WIDTH", VAConfigAttribMaxPictureWidth);
    VALUE("ATTRIBUTE_HEIGHT", VAConfigAttribMaxPictureHeight);
    VALUE("CONSTANT_RATE", VA_RC_CBR);
    VALUE("VARIABLE_RATE", VA_RC_VBR);
    VALUE("BUFFER_CODED", VAEncCodedBufferType);
    VALUE("BUFFER_SEQ", VAEncSequenceParameterBufferType);
    VALUE("BUFFER_PIC", VAEncPictureParameterBufferType);
    VALUE("BUFFER_SLICE", VAEncSliceParameterBufferType);
    VALUE("BUFFER_PACKED", VAEncPackedHeaderParameterBufferType);
    VALUE("BUFFER_PACKED_DATA", VAEncPackedHeaderDataBufferType);
    VALUE("BUFFER_MISC", VAEncMiscParameterBufferType);
    VALUE("MISC_FPS", VAEncMiscParameterTypeFrameRate);
    VALUE("MISC_RATE", VAEncMiscParameterTypeRateControl);
    VALUE("MISC_BUFFERING", VAEncMiscParameterTypeHRD);
    VALUE("FORMAT_420", VA_RT_FORMAT_YUV420);
    VALUE("NV12", VA_FOURCC_NV12);
    VALUE("PACKED_SEQ", VA_ENC_PACKED_HEADER_SEQUENCE);
    VALUE("PACKED_PIC", VA_ENC_PACKED_HEADER_PICTURE);
    VALUE("PACKED_SLICE", VA_ENC_PACKED_HEADER_SLICE);
    VALUE("HEADER_SEQ", VAEncPackedHeaderSequence);
    VALUE("HEADER_PIC", VAEncPackedHeaderPicture);
    VALUE("HEADER_SLICE", VAEncPackedHeaderSlice);
    VALUE("NOT_SUPPORTED", VA_ATTRIB_NOT_SUPPORTED);
    VALUE("INVALID", VA_INVALID_ID);
    VALUE("PICTURE_INVALID", VA_PICTURE_H264_INVALID);
    VALUE("PICTURE_SHORT_TERM", VA_PICTURE_H264_SHORT_TERM_REFERENCE);
    VALUE("OVERFLOW", VA_CODED_BUF_STATUS_FRAME_SIZE_OVERFLOW);
    return 0;
}
